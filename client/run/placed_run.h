// `relocctl run --detach` and `--supervised`: runs the program as a job that outlives this process.
#pragma once

#include "client/run/run_options.h"
#include "reloc/job/job_process.h"
#include "reloc/launch/launch_log.h"

namespace reloc {

// Returns the exit status of this process, or ends it as the program ended.
int RunPlaced(const RunOptions& options, const char* const* envp, const LaunchLog& log, JobLaunch launch);

}  // namespace reloc
