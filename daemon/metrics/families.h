// Metrics whose value is read when somebody asks, as prometheus-cpp's messages.
#pragma once

#include <prometheus/metric_family.h>

#include <string>
#include <utility>
#include <vector>

namespace reloc {

using MetricLabels = std::vector<prometheus::ClientMetric::Label>;

inline prometheus::MetricFamily GaugeFamily(std::string name, std::string help) {
  return {std::move(name), std::move(help), prometheus::MetricType::Gauge, {}};
}

inline void AddGauge(prometheus::MetricFamily* family, double value, MetricLabels labels = {}) {
  prometheus::ClientMetric& metric = family->metric.emplace_back();
  metric.label = std::move(labels);
  metric.gauge.value = value;
}

// A family of one.
inline prometheus::MetricFamily Gauge(std::string name, std::string help, double value,
                                      MetricLabels labels = {}) {
  prometheus::MetricFamily family = GaugeFamily(std::move(name), std::move(help));
  AddGauge(&family, value, std::move(labels));
  return family;
}

}  // namespace reloc
