// Waits for the end of a child process with a deadline: a child that hangs in the kernel, on a file system
// that does not answer, does not end when it is killed.
#pragma once

#include <sys/types.h>

#include <optional>

#include "absl/time/time.h"

namespace reloc {

// Reaps `child` if it has ended or ends within `timeout`. Returns its wait status, or nullopt if it has not
// ended.
std::optional<int> ReapChild(pid_t child, absl::Duration timeout);

// Does the same, but kills a child that does not end within `timeout`. Returns nullopt if that did not end it
// either. Then init reaps it after this process has ended.
std::optional<int> EndChild(pid_t child, absl::Duration timeout);

}  // namespace reloc
