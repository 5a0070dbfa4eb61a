// The userns engine's probe: makes a root as a launch does, in a child, and enters it.
#pragma once

#include <string>

namespace reloc {

struct UsernsTrial {
  int error = 0;         // errno of the step that failed; 0: it works
  std::string obstacle;  // "mount tmpfs /: Operation not permitted"
};

// Call it while the process is single-threaded.
UsernsTrial TryUserns();

// What would let the failed `trial` succeed, by what this host's switches say.
std::string UsernsCure(const UsernsTrial& trial);

}  // namespace reloc
