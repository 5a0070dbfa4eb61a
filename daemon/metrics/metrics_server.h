// Offers the metrics over HTTP, to Prometheus or curl, on a loopback port or a Unix socket. Off by default.
//
// On the event loop, and not prometheus-cpp's own server: that has four threads, which wake up every two
// seconds. A client has five seconds and a few kilobytes, so that none can hold relocd up.
#pragma once

#include <functional>
#include <list>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "daemon/base/event_loop.h"
#include "daemon/base/listener.h"
#include "daemon/base/timer.h"
#include "daemon/metrics/listen_address.h"
#include "reloc/base/unique_fd.h"

namespace reloc {

class MetricsServer {
 public:
  // `loop` must outlive the server. `text` makes what is shown. A file at a Unix socket's path that is no
  // socket is left alone: FailedPrecondition.
  static absl::StatusOr<std::unique_ptr<MetricsServer>> Create(EventLoop* loop, const ListenAddress& address,
                                                               std::function<std::string()> text);
  ~MetricsServer();
  MetricsServer(const MetricsServer&) = delete;
  MetricsServer& operator=(const MetricsServer&) = delete;

  // For people: "http://127.0.0.1:9000/metrics", with the port that was chosen.
  const std::string& url() const { return url_; }

 private:
  struct Client {
    UniqueFd socket;
    absl::Duration deadline;  // MonotonicNow()
    std::string received;
    std::string response;  // empty until the request is complete
    size_t sent = 0;
  };
  using ClientPlace = std::list<Client>::iterator;

  MetricsServer(EventLoop* loop, std::function<std::string()> text) : loop_(loop), text_(std::move(text)) {}
  absl::Status ListenAt(const std::string& path);
  absl::Status ListenOn(const ListenAddress& address);
  absl::Status WatchPort();
  void Accept();
  void Add(UniqueFd socket);
  absl::Status Watch(ClientPlace client, uint32_t events);
  void OnReady(ClientPlace client);
  bool Receive(Client* client);
  bool Send(ClientPlace client);
  void Close(ClientPlace client);
  void OnTime();

  EventLoop* loop_;
  std::function<std::string()> text_;
  std::string url_;
  std::unique_ptr<Timer> timer_;
  std::list<Client> clients_;  // the first to time out first
  UniqueFd port_;
  bool paused_ = false;  // port_ is not watched
  UniqueFd directory_;   // of the Unix socket
  std::unique_ptr<Listener> socket_;
};

}  // namespace reloc
