// Measures for how long launches are not served when relocd is killed and started again with many live jobs.
#pragma once

#include "absl/status/status.h"
#include "bench/launching/workspace.h"
#include "proto/bench.pb.h"

namespace reloc::bench {

// Adds figures to `*report`: from the start of a new relocd, after the old one was killed, until it has
// served a launch; with no job and with 1,000 live jobs, all of which it has to recover.
absl::Status MeasureRestart(const Workspace& workspace, pb::Benchmark* report);

}  // namespace reloc::bench
