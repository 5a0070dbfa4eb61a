// Makes something that appears as a whole or not at all.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace reloc {

// A temporary directory <output>.tmp-XXXXXX beside the output, hence on the same file system. The destructor
// removes it with its content; Publish moves the finished thing out of it.
//
// Power failure is not covered: 100,000 files are not synced, like with cp(1). `relocctl pack verify` detects
// it.
class Staging {
 public:
  // Returns AlreadyExists if `output` exists.
  static absl::StatusOr<Staging> Create(const std::string& output);
  Staging(Staging&& other) noexcept;
  Staging& operator=(Staging&&) = delete;
  ~Staging();

  // Returns the temporary directory: empty at first, and private to the user.
  const std::string& directory() const { return directory_; }

  // Renames `made`, which must be in directory(), to the output. AlreadyExists if that exists by now.
  absl::Status Publish(const std::string& made);

 private:
  Staging(std::string output, std::string directory);

  std::string output_;
  std::string directory_;  // empty: moved from
};

}  // namespace reloc
