// The proot engine: the program runs under PRoot, which changes the paths in its system calls. The last
// resort: it needs nothing but ptrace(2), and makes each of those calls slow. See
// docs/adr/0012-proot-engine.md.
#pragma once

#include <string>

#include "reloc/pack/program.h"

namespace reloc {

// Returns a plan; empty if its texts are too long for one.
std::string CompileProot(const ProgramSpec& program);

}  // namespace reloc
