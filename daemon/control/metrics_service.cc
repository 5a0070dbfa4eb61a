#include "daemon/control/metrics_service.h"

#include <utility>
#include <vector>

#include "daemon/metrics/process_metrics.h"

namespace reloc {

grpc::Status MetricsService::Read(grpc::ServerContext*, const relocd::v1::ReadMetricsRequest*,
                                  relocd::v1::ReadMetricsResponse* response) {
  std::vector<prometheus::MetricFamily> metrics;
  grpc::Status asked = Ask(mailbox_, [&] { metrics = metrics_->Collect(); });
  if (!asked.ok()) return asked;
  AddProcessMetrics(&metrics);
  response->set_text(MetricsText(std::move(metrics)));
  return grpc::Status::OK;
}

}  // namespace reloc
