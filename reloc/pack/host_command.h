// Running one of the host's tools and reading what it says.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace reloc {

struct CommandResult {
  int exit_code = 0;   // 128 + the signal's number if one ended it, as a shell says it
  std::string output;  // of descriptor 1
  std::string errors;  // of descriptor 2
};

// Runs `arguments[0]` (looked up in PATH unless it has a slash) without a shell, with /dev/null as its input,
// and waits for its end. NotFound if there is no such program; a program that fails is not an error of this
// function. The environment is the caller's without ld.so's switches (LD_PRELOAD, LD_AUDIT, LD_DEBUG, …),
// which would change what ld.so lists; LD_LIBRARY_PATH stays, since the user may rely on it to find
// libraries.
absl::StatusOr<CommandResult> RunCommand(const std::vector<std::string>& arguments);

// The first line of what the command complained about, or "exit status N".
std::string Complaint(const CommandResult& result);

}  // namespace reloc
