// The slow file system beside which this program was started: tests/slowfs/main.cc.
#pragma once

#include <stdint.h>

#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "reloc/base/unique_fd.h"

namespace reloc::bench {

struct Operation {
  int64_t count = 0;
  std::string kind;  // "lookup", "lookup of nothing", "read"...
  std::string path;
};

class SlowFiles {
 public:
  // Executes this program again beside a slow file system, unless there is one. `argv`: the program's own.
  // Returns OK if there was nothing to do, and otherwise only on failure.
  static absl::Status Require(char** argv);
  static absl::StatusOr<SlowFiles> Find();

  // Returns a directory on the local disk; `Slowly` returns the place of a path in it on the slow file
  // system.
  const std::string& disk() const { return disk_; }
  std::string Slowly(const std::string& path) const;

  // Make the kernel drop its caches of the slow file system, and restart counting.
  absl::Status MakeCold();
  absl::Status RestartCount();
  absl::StatusOr<std::vector<Operation>> Operations();

 private:
  SlowFiles(UniqueFd control, const std::string& top);
  // Sends `line`, and returns the lines of the answer.
  absl::StatusOr<std::vector<std::string>> Ask(const std::string& line);

  UniqueFd control_;
  std::string disk_;
  std::string slow_;
};

}  // namespace reloc::bench
