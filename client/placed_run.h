// `relocctl run --detach` and `--supervised`: the program as a job that goes on without this process.
#pragma once

#include <functional>

#include "client/run_options.h"
#include "reloc/launch/trace.h"

namespace reloc {

// `launch` is called in the job's process, and returns an exit status after a line about it. Returns the exit
// status of this process, or ends it as the program ended. Works before static constructors have run.
int RunPlaced(const RunOptions& options, const char* const* envp, const Trace& trace,
              std::function<int(const Trace&)> launch);

}  // namespace reloc
