// Reports what was measured, for people and for programs.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "proto/bench.pb.h"

namespace reloc::bench {

// Adds the machine and the time of the measurement.
void DescribeRun(pb::Benchmark* report);

// Adds a figure. Limits can be set in the result, which belongs to the report.
pb::Figure* AddFigure(const std::string& id, const std::string& description, double value,
                      const std::string& unit, pb::Benchmark* report);

// Prints tables on standard output. A figure that misses its `must` is marked with '!', one that reaches its
// `aim` with '*'.
void PrintReport(const pb::Benchmark& report);

// Writes the JSON form to `path`, completely or not at all.
absl::Status WriteJson(const pb::Benchmark& report, const std::string& path);

}  // namespace reloc::bench
