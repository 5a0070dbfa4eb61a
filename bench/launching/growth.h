// How a launch through the daemon grows with what the daemon and the pack hold.
//
// The program is the smallest there is, so that the launcher's part weighs most. Each point is a median as a
// ratio to the native launches among which it was measured; the growth is the last ratio by the first, so
// that what many processes cost the kernel itself is in both and cancels.
#pragma once

#include "absl/status/status.h"
#include "bench/launching/workspace.h"
#include "proto/bench.pb.h"

namespace reloc::bench {

// Adds to `*report` the growth with the number of roots that the daemon keeps, of jobs that live, and of
// store items in the pack. Points that the user's limits do not allow say so.
absl::Status MeasureGrowth(const Workspace& workspace, int rounds, pb::Benchmark* report);

}  // namespace reloc::bench
