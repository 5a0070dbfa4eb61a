// Runs one of the host's tools and captures its output.
#pragma once

#include <sys/types.h>

#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "reloc/base/unique_fd.h"

namespace reloc {

struct CommandResult {
  int exit_code = 0;   // 128 + the signal's number if a signal ended it, as in a shell
  std::string output;  // of descriptor 1
  std::string errors;  // of descriptor 2
};

// A running tool. If it is not waited for, it is killed.
class RunningCommand {
 public:
  // Starts `arguments[0]` (looked up in PATH unless it has a slash) without a shell, with `input` (borrowed)
  // as its input, in a process group of its own. NotFound if there is no such program. The environment is the
  // caller's without ld.so's settings (LD_PRELOAD, LD_AUDIT, LD_DEBUG, …), which would change what ld.so
  // lists; LD_LIBRARY_PATH is kept, because users may rely on it to find libraries.
  static absl::StatusOr<RunningCommand> Start(const std::vector<std::string>& arguments, int input);
  RunningCommand(RunningCommand&& other) noexcept;
  RunningCommand& operator=(RunningCommand&&) = delete;
  ~RunningCommand();

  void Kill();
  // Waits for its end. It is no error of this function if the program fails.
  absl::StatusOr<CommandResult> Wait() &&;

 private:
  explicit RunningCommand(std::string program) : program_(std::move(program)) {}

  std::string program_;
  pid_t pid_ = 0;  // 0: none, or already reaped
  UniqueFd output_;
  UniqueFd errors_;
};

// Runs a command with /dev/null as its input, and waits for its end.
absl::StatusOr<CommandResult> RunCommand(const std::vector<std::string>& arguments);

// Returns the first line that the command wrote to stderr, or "exit status N".
std::string ErrorOf(const CommandResult& result);

}  // namespace reloc
