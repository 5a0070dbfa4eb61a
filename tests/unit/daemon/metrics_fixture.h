// Metrics of a daemon that has no roots.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "daemon/base/event_loop.h"
#include "daemon/metrics/metrics.h"
#include "daemon/metrics/process_metrics.h"

namespace reloc {

class NoMaker : public RootMaker {
 public:
  void Make(int, const std::string&, OnMade) override {}
  void Release(std::span<const int32_t>) override {}
};

class MetricsFixture : public testing::Test {
 protected:
  std::string Text() {
    std::vector<prometheus::MetricFamily> metrics = metrics_.Collect();
    AddProcessMetrics(&metrics);
    return MetricsText(std::move(metrics));
  }

  std::unique_ptr<EventLoop> loop_ = *EventLoop::Create();
  EventBus events_;
  NoMaker maker_;
  RegistryWriter registry_{-1};
  RootCache roots_{&maker_, &registry_, &events_, 3};
  JobTable jobs_{loop_.get(), &events_, -1, 3, [] {}};
  Metrics metrics_{&events_, &jobs_, &roots_, [] { return MirrorSpace{}; }};
};

}  // namespace reloc
