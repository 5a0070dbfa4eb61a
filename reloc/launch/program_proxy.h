// What is left of the caller's process while the program runs under a tracer: it stands for the program
// towards whoever knows its pid. Signals sent to it reach the program, it stops and goes on with it, and ends
// as it ended. It holds none of the caller's descriptors.
//
// A terminal sends its signals (^C, ^Z, a new size) to the whole foreground process group, the program
// included: those are not passed on, or the program would get them twice.
#pragma once

#include "reloc/base/unique_fd.h"

namespace reloc {

struct TracedProgram {
  UniqueFd socket;  // to the tracee
  int tracer = -1;  // pid
  int pid = -1;
};

// Call with all signals blocked. Ends the process.
[[noreturn]] void ActForProgram(TracedProgram program);

}  // namespace reloc
