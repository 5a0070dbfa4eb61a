#include "daemon/metrics/outlets.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "daemon/base/log.h"
#include "daemon/metrics/expand_user.h"
#include "daemon/metrics/listen_address.h"
#include "daemon/metrics/process_metrics.h"
#include "reloc/hosted/status.h"

namespace reloc {

MetricsOutlets::MetricsOutlets(EventLoop* loop, EventBus* events, const Metrics* metrics,
                               const MetricsSettings& settings) {
  if (absl::Status opened = OpenServer(loop, metrics, settings); !opened.ok()) LogWarning(opened.message());
  absl::Status opened = OpenTextfile(loop, events, metrics, settings);
  if (!opened.ok()) LogWarning(opened.message());
}

absl::Status MetricsOutlets::OpenServer(EventLoop* loop, const Metrics* metrics,
                                        const MetricsSettings& settings) {
  if (settings.listen.empty()) return absl::OkStatus();
  RELOC_ASSIGN_OR_RETURN(ListenAddress address, ParseListenAddress(ExpandUser(settings.listen)));
  auto text = [metrics] {
    std::vector<prometheus::MetricFamily> now = metrics->Collect();
    AddProcessMetrics(&now);
    return MetricsText(std::move(now));
  };
  RELOC_ASSIGN_OR_RETURN(server_, MetricsServer::Create(loop, address, std::move(text)));
  LogInfo(absl::StrCat("metrics are at ", server_->url()));
  return absl::OkStatus();
}

absl::Status MetricsOutlets::OpenTextfile(EventLoop* loop, EventBus* events, const Metrics* metrics,
                                          const MetricsSettings& settings) {
  if (settings.textfile.empty()) return absl::OkStatus();
  RELOC_ASSIGN_OR_RETURN(
      textfile_, Textfile::Create(loop, events, metrics, ExpandUser(settings.textfile), settings.interval));
  return absl::OkStatus();
}

}  // namespace reloc
