// Represents the program while it runs under a tracer. This is the caller's process, whose pid others know:
// it passes signals on to the program, stops and continues with it, and ends as it ended. It holds none of
// the caller's descriptors.
//
// A terminal sends its signals (^C, ^Z, a new size) to the whole foreground process group, the program
// included. Those are not passed on, because the program would get them twice.
#pragma once

#include "reloc/base/unique_fd.h"

namespace reloc {

struct TracedProgram {
  UniqueFd socket;  // to the tracee
  int tracer = -1;  // pid
  int pid = -1;
};

// Must be called with all signals blocked. Ends the process.
[[noreturn]] void ActForProgram(TracedProgram program);

}  // namespace reloc
