// The userns engine's probe: makes a root as a launch does, in a child, and enters it.
#pragma once

#include <string>

#include "reloc/engine/trial.h"

namespace reloc {

// Must be called while the process is single-threaded.
Trial TryUserns();

// Suggests what would let the failed `trial` succeed, from this host's settings.
std::string UsernsFix(const Trial& trial);

}  // namespace reloc
