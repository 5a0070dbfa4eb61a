// Whose word a path depends on.
//
// root may have another user's $HOME (su, sudo -E). What lies there is that user's to change at any moment,
// so root neither reads it nor writes into it. Other users are kept out of files that are not theirs by the
// kernel.
#pragma once

#include <string>

#include "absl/status/status.h"

namespace reloc {

// What is said of a path that leads to nothing.
enum class IfMissing { kCheckParents, kAccept };

// For root: PermissionDenied, with the name of the directory or link and its owner, if anyone but root could
// change what the absolute `path` leads to, or will lead to once it is made. Each name is looked up in the
// directory before it, which is held open; neither a FIFO nor a file system that a user serves is asked
// anything. For other users: OK.
absl::Status RequireTrustedPath(const std::string& path, IfMissing missing = IfMissing::kCheckParents);

}  // namespace reloc
