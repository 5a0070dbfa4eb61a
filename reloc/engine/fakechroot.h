// The loader engine: the program is started by the pack's own ld.so, with an audit module that maps the store
// prefix for libraries and libfakechroot that maps it for files.
#pragma once

#include <string>

#include "reloc/pack/program.h"

namespace reloc {

// A plan, or a refusal for programs that no loader starts (static ones).
std::string CompileFakechroot(const ProgramSpec& program);

}  // namespace reloc
