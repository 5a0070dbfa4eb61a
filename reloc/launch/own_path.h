// Finds the path of the running program, and the installation that it is part of.
#pragma once

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

}  // namespace reloc
