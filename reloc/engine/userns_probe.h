// The userns engine's probe: makes a root as a launch does, in a child, and enters it.
#pragma once

#include <string>

#include "reloc/engine/trial.h"

namespace reloc {

// Call it while the process is single-threaded.
Trial TryUserns();

// What would let the failed `trial` succeed, by what this host's switches say.
std::string UsernsCure(const Trial& trial);

}  // namespace reloc
