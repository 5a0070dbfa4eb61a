// Where metrics go without being asked for through relocctl, as the options say: a socket, a file. Both are
// off by default.
#pragma once

#include <memory>

#include "absl/status/status.h"
#include "daemon/event_loop.h"
#include "daemon/events/event_bus.h"
#include "daemon/metrics/metrics.h"
#include "daemon/metrics/metrics_server.h"
#include "daemon/metrics/textfile.h"
#include "daemon/options.h"

namespace reloc {

class MetricsOutlets {
 public:
  // The first three must outlive it. What cannot be had (the port may be another user's) is logged: no reason
  // for the daemon not to serve.
  MetricsOutlets(EventLoop* loop, EventBus* events, const Metrics* metrics, const Options& options);

 private:
  absl::Status OpenServer(EventLoop* loop, const Metrics* metrics, const Options& options);
  absl::Status OpenTextfile(EventLoop* loop, EventBus* events, const Metrics* metrics,
                            const Options& options);

  std::unique_ptr<MetricsServer> server_;
  std::unique_ptr<Textfile> textfile_;
};

}  // namespace reloc
