// Which program a launch uses, ours or the host's: proot.
#pragma once

#include "reloc/base/path.h"
#include "reloc/base/result.h"

namespace reloc {

// Whether it is a clean absolute path of a file that this user may execute.
bool IsExecutable(const PathText& path);

// Puts the path of the first `name` that can be executed into `*path`: `own` (a path; may be empty), the
// first in the $PATH of `envp`, where Debian has it. Relative elements of $PATH are passed over. ENOENT or
// EACCES: none.
Errno FindProgram(string_view own, string_view name, const char* const* envp, PathText* path);

}  // namespace reloc
