// What the benchmarks' main programs share: the user they run as, how they end, where the figures are
// written.
#pragma once

#include <functional>
#include <string>

#include "absl/status/status.h"
#include "proto/bench.pb.h"

namespace reloc::bench {

// Measures as an ordinary user, prints the report and, unless `json` is empty, writes it to that file too.
// Returns an exit status, after printing one line about a failure. `argv`: the program's own.
int RunBenchmark(char** argv, const std::string& json,
                 const std::function<absl::Status(pb::Benchmark* report)>& measure);

}  // namespace reloc::bench
