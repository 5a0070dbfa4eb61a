// Making something that appears whole or not at all.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace reloc {

// A temporary directory <output>.tmp-XXXXXX beside what is to be made, hence on the same file system. It goes
// away with the object, whatever is in it; Publish moves the finished thing out of it.
//
// Power failure is not covered: 100,000 files are not synced, as cp(1) does not. `relocctl pack verify`
// tells.
class Staging {
 public:
  // AlreadyExists if `output` exists.
  static absl::StatusOr<Staging> Create(const std::string& output);
  Staging(Staging&& other) noexcept;
  Staging& operator=(Staging&&) = delete;
  ~Staging();

  // The temporary directory: empty, and private to the user.
  const std::string& directory() const { return directory_; }

  // Renames `made`, which lies in directory(), to the output. AlreadyExists if that exists by now.
  absl::Status Publish(const std::string& made);

 private:
  Staging(std::string output, std::string directory);

  std::string output_;
  std::string directory_;  // empty: moved from
};

}  // namespace reloc
