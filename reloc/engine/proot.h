// The proot engine: the program runs under PRoot, which changes the paths in its system calls. The last
// resort: it needs nothing but ptrace(2), and each of those calls costs. See docs/adr/0012-proot-engine.md.
#pragma once

#include <string>

#include "reloc/pack/program.h"

namespace reloc {

// Empty if its texts are too long for a plan.
std::string CompileProot(const ProgramSpec& program);

}  // namespace reloc
