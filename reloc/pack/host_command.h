// Running one of the host's tools and reading what it says.
#pragma once

#include <sys/types.h>

#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "reloc/base/unique_fd.h"

namespace reloc {

struct CommandResult {
  int exit_code = 0;   // 128 + the signal's number if one ended it, as a shell says it
  std::string output;  // of descriptor 1
  std::string errors;  // of descriptor 2
};

// A tool that runs. One that is not waited for is killed.
class RunningCommand {
 public:
  // Starts `arguments[0]` (looked up in PATH unless it has a slash) without a shell, with `input` (borrowed)
  // as its input, in a process group of its own. NotFound if there is no such program. The environment is the
  // caller's without ld.so's switches (LD_PRELOAD, LD_AUDIT, LD_DEBUG, …), which would change what ld.so
  // lists; LD_LIBRARY_PATH stays, since the user may rely on it to find libraries.
  static absl::StatusOr<RunningCommand> Start(const std::vector<std::string>& arguments, int input);
  RunningCommand(RunningCommand&& other) noexcept;
  RunningCommand& operator=(RunningCommand&&) = delete;
  ~RunningCommand();

  void Kill();
  // Waits for its end. A program that fails is not an error of this function.
  absl::StatusOr<CommandResult> Wait() &&;

 private:
  explicit RunningCommand(std::string program) : program_(std::move(program)) {}

  std::string program_;
  pid_t pid_ = 0;  // 0: none, or waited for
  UniqueFd output_;
  UniqueFd errors_;
};

// Starts it with /dev/null as its input, and waits for its end.
absl::StatusOr<CommandResult> RunCommand(const std::vector<std::string>& arguments);

// The first line of what the command complained about, or "exit status N".
std::string Complaint(const CommandResult& result);

}  // namespace reloc
