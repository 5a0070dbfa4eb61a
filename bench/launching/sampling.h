// Measures launch times that can be compared with each other.
#pragma once

#include <vector>

#include "absl/status/statusor.h"
#include "bench/launching/command.h"

namespace reloc::bench {

// Microseconds. Medians, because a launch's time has a long tail from interrupts and the scheduler that does
// not depend on the launcher; the 90th percentile, because users see that tail too.
struct Summary {
  double median = 0;
  double p90 = 0;
};

// `values` must not be empty.
Summary Summarize(std::vector<double> values);

// Launches each of `commands` once a round, in a new random order for each round, after a few rounds that do
// not count. Interleaved, because the machine's clock and caches drift by more than the differences measured
// here; in changing order, because each launch inherits the caches of the previous one. Stops with an error
// if a launch fails or the user interrupts.
absl::StatusOr<std::vector<Summary>> MeasureInterleaved(const std::vector<const Command*>& commands,
                                                        int rounds);

// From here on SIGINT, SIGTERM and SIGHUP end measuring in an orderly way, so that everything that was
// started or made is cleaned up.
void CatchInterrupts();
bool Interrupted();
absl::Status InterruptedError();

}  // namespace reloc::bench
