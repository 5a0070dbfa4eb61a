// Which proot a launch, or the engine's probe, uses.
#pragma once

#include "reloc/base/path.h"
#include "reloc/base/result.h"

namespace reloc {

// Puts the path of the first that can be executed into `*path`: `packs_own` (may be empty), the first in the
// $PATH of `envp`, where Debian has it. Relative elements of $PATH are passed over. ENOENT or EACCES: none.
Errno FindTracer(string_view packs_own, const char* const* envp, PathText* path);

}  // namespace reloc
