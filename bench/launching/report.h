// What was measured, for people and for programs.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "proto/bench.pb.h"

namespace reloc::bench {

// The machine and the time of the measurement.
void DescribeRun(pb::Benchmark* report);

// A figure of its own, of which at most `must` was promised.
void AddFigure(const std::string& id, const std::string& description, double value, const std::string& unit,
               double must, pb::Benchmark* report);

// Tables on standard output. A figure that misses its `must` is marked with '!', one that reaches its `aim`
// with '*'.
void PrintReport(const pb::Benchmark& report);

// Writes the JSON form to `path`, whole or not at all.
absl::Status WriteJson(const pb::Benchmark& report, const std::string& path);

}  // namespace reloc::bench
