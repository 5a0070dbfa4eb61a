// Where metrics go without being asked for through relocctl: a socket, a file. Both are
// off by default.
#pragma once

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "daemon/base/event_loop.h"
#include "daemon/metrics/metrics.h"
#include "daemon/metrics/metrics_server.h"
#include "daemon/metrics/textfile.h"
#include "daemon/model/event_bus.h"

namespace reloc {

struct MetricsSettings {
  // Of both, empty: none. %u and %U in them: see expand_user.h.
  std::string listen;    // see listen_address.h
  std::string textfile;  // see textfile.h
  absl::Duration interval = absl::Seconds(15);
};

class MetricsOutlets {
 public:
  // The first three must outlive it. What cannot be had (the port may be another user's) is logged: no reason
  // for the daemon not to serve.
  MetricsOutlets(EventLoop* loop, EventBus* events, const Metrics* metrics, const MetricsSettings& settings);

 private:
  absl::Status OpenServer(EventLoop* loop, const Metrics* metrics, const MetricsSettings& settings);
  absl::Status OpenTextfile(EventLoop* loop, EventBus* events, const Metrics* metrics,
                            const MetricsSettings& settings);

  std::unique_ptr<MetricsServer> server_;
  std::unique_ptr<Textfile> textfile_;
};

}  // namespace reloc
