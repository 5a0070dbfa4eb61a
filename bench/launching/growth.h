// Measures how the time of a launch through the daemon grows with the size of the daemon's tables and of the
// pack.
//
// The program is the smallest possible, so that the launcher's part weighs most. Each point is a median as a
// ratio to the native launches among which it was measured; the growth is the ratio of the last point to the
// first, so that the kernel's own cost of many processes is in both and cancels out.
#pragma once

#include "absl/status/status.h"
#include "bench/launching/workspace.h"
#include "proto/bench.pb.h"

namespace reloc::bench {

// Adds to `*report` the growth with the number of roots that the daemon keeps, of live jobs, and of store
// items in the pack. Points beyond the user's limits are reported as unavailable.
absl::Status MeasureGrowth(const Workspace& workspace, int rounds, pb::Benchmark* report);

}  // namespace reloc::bench
