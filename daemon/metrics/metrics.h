// Counts what happens, for Prometheus. docs/metrics.md says what each metric means.
//
// Counters are looked up once, here: prometheus-cpp takes a lock and searches a map for that, and a launch is
// not to pay for it. Gauges are read from those who know, when somebody asks. For the event loop's thread.
#pragma once

#include <prometheus/counter.h>
#include <prometheus/histogram.h>
#include <prometheus/metric_family.h>
#include <prometheus/registry.h>
#include <stdint.h>

#include <array>
#include <functional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "daemon/jobs/job_table.h"
#include "daemon/model/event_bus.h"
#include "daemon/roots/root_cache.h"

namespace reloc {

// Of all mirrors, in bytes.
struct MirrorSpace {
  uint64_t used = 0;
  uint64_t limit = 0;  // 0: none
};

class Metrics {
 public:
  // All must outlive the metrics, and `events` may publish nothing after their end.
  Metrics(EventBus* events, const JobTable* jobs, const RootCache* roots,
          std::function<MirrorSpace()> mirrors);
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  // A launch that asked for a root had its answer after `waited`.
  void Answered(absl::Duration waited);
  // A launch of which no more is known than why it went another way; kNone is none.
  void FellBack(Reason reason);
  // What is known of launches, jobs, roots and mirrors. Hand it to MetricsText().
  std::vector<prometheus::MetricFamily> Collect() const;

 private:
  enum Result { kOk, kFallback, kResultCount };
  using ByResult = std::array<prometheus::Counter*, kResultCount>;

  void CountLaunches();
  void CountFallbacks();
  void OnEvent(const Event& event);

  const JobTable* jobs_;
  const RootCache* roots_;
  std::function<MirrorSpace()> mirrors_;
  prometheus::Registry registry_;  // owns what is pointed to below
  // Null at Engine::kNone and Reason::kNone.
  std::array<std::array<ByResult, kPlacementCount>, kEngineCount> launches_{};
  std::array<prometheus::Counter*, kReasonCount> fallbacks_{};
  prometheus::Histogram* waited_;
};

// `metrics` as Prometheus' text format. On any thread.
std::string MetricsText(std::vector<prometheus::MetricFamily> metrics);

}  // namespace reloc
