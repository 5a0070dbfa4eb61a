// Where the running program lies, and the installation that it is part of.
#pragma once

#include "reloc/base/result.h"
#include "reloc/base/text.h"

namespace reloc {

// The path that the running program was executed by, absolute and without symlinks; hard links are told
// apart. `argv`: of main. An error is that of reading /proc/self/exe.
Errno FindOwnPath(char* const* argv, TextBuffer* self);
// Where that fails. The working directory must be that of the start.
Errno FindOwnPathWithoutProc(char* const* argv, TextBuffer* self);

// The directory that holds bin/ and libexec/: of an installation, which may have been moved as a whole, or a
// build tree; empty for "/". `self`: the path of a program in one of them. Points into `self`.
string_view InstallationPrefix(string_view self);

}  // namespace reloc
