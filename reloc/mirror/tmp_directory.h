// A directory in CACHE/tmp, for what is not there yet or not any more.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "reloc/base/unique_fd.h"
#include "reloc/mirror/mirror_cache.h"

namespace reloc {

// A new name for what belongs to `id`.
absl::StatusOr<std::string> TmpName(const MirrorId& id);

// Locked while it is in use. The lock goes with the process, however that ends; whoever gets it may remove
// the directory.
class TmpDirectory {
 public:
  static absl::StatusOr<TmpDirectory> Create(const MirrorCache& cache, const MirrorId& id);
  TmpDirectory(TmpDirectory&&) = default;
  TmpDirectory& operator=(TmpDirectory&&) = delete;
  // Removes it with all that is in it. What could not be removed is a leftover, for the next RemoveLeftovers.
  ~TmpDirectory();

  int fd() const { return fd_.get(); }
  const std::string& path() const { return path_; }

 private:
  TmpDirectory(int tmp, std::string where, std::string name, UniqueFd fd);

  int tmp_;  // of the cache
  std::string where_;
  std::string name_;
  std::string path_;
  UniqueFd fd_;  // invalid: moved from
};

// Removes what is in CACHE/tmp and belongs to no process that lives.
absl::Status RemoveAbandoned(const MirrorCache& cache);

}  // namespace reloc
