// Checks who controls a path.
//
// root may run with another user's $HOME (su, sudo -E). That user can change everything there at any moment,
// so root neither reads nor writes it. The kernel keeps other users out of files that are not theirs.
#pragma once

#include <string>

#include "absl/status/status.h"

namespace reloc {

// What to do about a path that leads to nothing.
enum class IfMissing { kCheckParents, kAccept };

// Checks, for root, that only root can change what the absolute `path` leads to, or will lead to once it is
// made. Otherwise PermissionDenied, with the name of the directory or link and its owner. Looks each name up
// in the directory before it, which is held open; accesses neither a FIFO nor a file system that a user
// serves. For other users: OK.
absl::Status RequireTrustedPath(const std::string& path, IfMissing missing = IfMissing::kCheckParents);

}  // namespace reloc
