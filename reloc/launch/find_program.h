// Finds a program that a launch uses, ours or the host's: proot.
#pragma once

#include "reloc/base/path.h"
#include "reloc/base/result.h"

namespace reloc {

// Returns whether `path` is a clean absolute path of a file that this user may execute.
bool IsExecutable(const PathText& path);

// Puts the path of the first `name` that can be executed into `*path`: `own` (a path; may be empty), the
// first in the $PATH of `envp`, Debian's place for it. Skips relative elements of $PATH. ENOENT or EACCES if
// there is none.
Errno FindProgram(string_view own, string_view name, const char* const* envp, PathText* path);

}  // namespace reloc
