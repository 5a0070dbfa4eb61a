// Opens files that belong to this user alone.
//
// A name may lead to a file that others made. So the file is checked before it is read or written, and
// opening it never blocks.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "reloc/base/unique_fd.h"

namespace reloc {

// Returns true for a regular file that belongs to this user.
bool IsOwnFile(int fd);

// Calls open(2) with O_CLOEXEC added, without waiting for a FIFO. FailedPrecondition if `path` is a symlink,
// not a regular file, another user's, or has other names. `flags` may be O_PATH.
absl::StatusOr<UniqueFd> OpenOwnFile(const std::string& path, int flags);

}  // namespace reloc
