#include "daemon/metrics/metrics.h"

#include <prometheus/text_serializer.h>

#include <algorithm>
#include <utility>

#include "daemon/metrics/families.h"

namespace reloc {
namespace {

using prometheus::MetricFamily;

constexpr Placement kPlacements[kPlacementCount] = {Placement::kCaller, Placement::kLauncher};
constexpr const char* kResultNames[] = {"ok", "fallback"};

// From what a root in the cache takes (tens of microseconds) to where launches stop waiting (100 ms).
const prometheus::Histogram::BucketBoundaries kWaitBuckets = {0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025,
                                                              0.005,   0.01,   0.025,   0.05,   0.1,   1};

// Those that users can have.
template <typename Work>
void ForEachEngine(Work work) {
  for (size_t i = 1; i < kEngineCount; ++i) work(static_cast<Engine>(i));
}

MetricFamily JobsFamily(const JobTable& jobs) {
  size_t counts[kEngineCount][kJobStateCount] = {};
  jobs.ForEach([&](const Job& job) { ++counts[size_t(job.engine)][size_t(job.state)]; });
  MetricFamily family = GaugeFamily(
      "relocd_jobs", "Jobs as relocctl ps -a shows them: those that run, and the last ones that ended.");
  ForEachEngine([&](Engine engine) {
    for (size_t state = 0; state < kJobStateCount; ++state) {
      AddGauge(&family, static_cast<double>(counts[size_t(engine)][state]),
               {{"engine", EngineName(engine)}, {"state", JobStateName(static_cast<JobState>(state))}});
    }
  });
  return family;
}

}  // namespace

Metrics::Metrics(EventBus* events, const JobTable* jobs, const RootCache* roots,
                 std::function<MirrorSpace()> mirrors)
    : jobs_(jobs),
      roots_(roots),
      mirrors_(std::move(mirrors)),
      waited_(&prometheus::BuildHistogram()
                   .Name("relocd_launch_duration_seconds")
                   .Help("How long launches that asked relocd for a root waited for the root or a refusal. "
                         "Launches that join a root which is there do not ask and are not in it.")
                   .Register(registry_)
                   .Add({}, kWaitBuckets)) {
  CountLaunches();
  CountFallbacks();
  events->Subscribe([this](const Event& event) { OnEvent(event); });
}

void Metrics::CountLaunches() {
  auto& family = prometheus::BuildCounter()
                     .Name("relocd_launches_total")
                     .Help(
                         "Launches that relocd was told of; result is fallback if they did not go the way "
                         "that was tried first.")
                     .Register(registry_);
  ForEachEngine([&](Engine engine) {
    for (Placement placement : kPlacements) {
      for (int result = 0; result < kResultCount; ++result) {
        launches_[size_t(engine)][size_t(placement)][result] =
            &family.Add({{"engine", EngineName(engine)},
                         {"placement", PlacementName(placement)},
                         {"result", kResultNames[result]}});
      }
    }
  });
}

void Metrics::CountFallbacks() {
  auto& family = prometheus::BuildCounter()
                     .Name("relocd_fallbacks_total")
                     .Help("Launches that did not go the way that was tried first, by the reason.")
                     .Register(registry_);
  for (size_t i = 1; i < kReasonCount; ++i) {
    fallbacks_[i] = &family.Add({{"reason", ReasonName(static_cast<Reason>(i))}});
  }
}

void Metrics::OnEvent(const Event& event) {
  if (event.type == EventType::kFallback) return FellBack(event.job->reason);
  if (event.type != EventType::kLaunch) return;
  Result result = event.job->reason == Reason::kNone ? kOk : kFallback;
  prometheus::Counter* counter = launches_[size_t(event.job->engine)][size_t(event.job->placement)][result];
  if (counter != nullptr) counter->Increment();
}

void Metrics::FellBack(Reason reason) {
  if (prometheus::Counter* counter = fallbacks_[size_t(reason)]; counter != nullptr) counter->Increment();
}

void Metrics::Answered(absl::Duration waited) { waited_->Observe(absl::ToDoubleSeconds(waited)); }

std::vector<MetricFamily> Metrics::Collect() const {
  std::vector<MetricFamily> metrics = registry_.Collect();
  metrics.push_back(
      Gauge("relocd_build_info", "Which relocd this is; always 1.", 1, {{"version", RELOC_VERSION}}));
  metrics.push_back(JobsFamily(*jobs_));
  metrics.push_back(Gauge("relocd_roots", "Roots that are kept ready.", static_cast<double>(roots_->size())));
  const MirrorSpace mirrors = mirrors_();
  metrics.push_back(Gauge("relocd_mirror_bytes", "What the node-local mirrors of packs take on the disk.",
                          static_cast<double>(mirrors.used)));
  metrics.push_back(Gauge("relocd_mirror_limit_bytes", "How much room they may take; 0: no limit.",
                          static_cast<double>(mirrors.limit)));
  return metrics;
}

std::string MetricsText(std::vector<MetricFamily> metrics) {
  // prometheus-cpp has them as its hash map has them.
  for (MetricFamily& family : metrics) {
    std::sort(family.metric.begin(), family.metric.end(),
              [](const auto& a, const auto& b) { return a.label < b.label; });
  }
  return prometheus::TextSerializer().Serialize(metrics);
}

}  // namespace reloc
