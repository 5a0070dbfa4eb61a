// What client libraries of Prometheus tell of their process, by the names that they all use:
// process_cpu_seconds_total, process_open_fds, ...
#pragma once

#include <prometheus/metric_family.h>

#include <vector>

namespace reloc {

// Adds those of this process, which may be done on any thread. What cannot be read is left out.
void AddProcessMetrics(std::vector<prometheus::MetricFamily>* metrics);

}  // namespace reloc
