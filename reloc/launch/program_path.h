// Finds the paths of programs: that of the running one, with the installation that it is part of, and that of a
// program that a launch uses, relocd's own or the host's (proot).
#pragma once

#include "reloc/base/path.h"
#include "reloc/base/result.h"
#include "reloc/base/text.h"

namespace reloc {

// Finds the path that the running program was executed by, absolute and without symlinks; of hard links, the
// one that was used. `argv`: of main. Errors are those of reading /proc/self/exe.
Errno FindOwnPath(char* const* argv, TextBuffer* self);
// For use if that fails. The working directory must still be that of the start.
Errno FindOwnPathWithoutProc(char* const* argv, TextBuffer* self);

// Returns the directory that has bin/ and libexec/: of an installation, which may have been moved as a whole,
// or a build tree; empty for "/". `self`: the path of a program in one of them. Points into `self`.
string_view InstallationPrefix(string_view self);

// Returns whether `path` is a clean absolute path of a file that this user may execute.
bool IsExecutable(const PathText& path);

// Puts the path of the first `name` that can be executed into `*path`: `own` (a path; may be empty), the
// first in the $PATH of `envp`, Debian's place for it. Skips relative elements of $PATH. ENOENT or EACCES if
// there is none.
Errno FindProgram(string_view own, string_view name, const char* const* envp, PathText* path);

}  // namespace reloc
