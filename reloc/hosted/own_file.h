// Files that are this user's alone.
//
// What is opened by a name that others may have made is looked at before it is read or written, and nothing
// waits for it.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "reloc/base/unique_fd.h"

namespace reloc {

// True for a regular file of this user's.
bool IsOwnFile(int fd);

// open(2), O_CLOEXEC added, without waiting for a FIFO. FailedPrecondition if `path` is a symlink, not a
// regular file, another user's, or has other names. `flags` may be O_PATH.
absl::StatusOr<UniqueFd> OpenOwnFile(const std::string& path, int flags);

}  // namespace reloc
