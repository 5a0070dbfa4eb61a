// Measures what relocd and the shim cost while nothing is launched.
#pragma once

#include "absl/status/status.h"
#include "bench/launching/workspace.h"
#include "proto/bench.pb.h"

namespace reloc::bench {

// Adds figures to `*report`: resident memory of relocd (with its helper processes) after a first launch and
// with 1,000 live jobs, how often it woke up in ten idle seconds, and the shim's size. Takes about half a
// minute.
absl::Status MeasureFootprint(const Workspace& workspace, pb::Benchmark* report);

}  // namespace reloc::bench
