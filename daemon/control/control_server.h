// Serves control.sock: gRPC, on connections that relocd accepted itself, so that the peer's uid was checked.
//
// gRPC keeps several threads and wakes up now and then. It is started by the first connection and stopped
// some seconds after the last one went: relocd at rest is one sleeping thread.
#pragma once

#include <memory>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "daemon/base/event_loop.h"
#include "daemon/base/listener.h"
#include "daemon/base/mailbox.h"
#include "daemon/base/timer.h"
#include "daemon/control/service.h"

namespace reloc {

class ControlServer {
 public:
  // `loop` must outlive the server. `services`: made anew each time that gRPC is started. `on_idle`: the last
  // connection went.
  static absl::StatusOr<std::unique_ptr<ControlServer>> Create(EventLoop* loop,
                                                               std::vector<ServiceFactory> services,
                                                               std::function<void()> on_idle);
  ~ControlServer();

  // Lets calls in progress end, for a moment. False if some have not: then their threads still use what the
  // services use.
  bool End();

  // A new connection, of a user that was checked.
  void Add(Peer peer);
  size_t connections() const { return watched_.size(); }

 private:
  struct Running;  // gRPC, while there is work
  struct Ending;   // of it, on a thread of its own

  ControlServer(EventLoop* loop, std::vector<ServiceFactory> services, std::function<void()> on_idle);
  absl::Status Start();
  void Stop();
  bool AllOver() const;
  void OnHangup(int fd);

  EventLoop* loop_;
  std::vector<ServiceFactory> services_;
  std::function<void()> on_idle_;
  std::unique_ptr<Timer> linger_;
  std::unique_ptr<Running> running_;
  std::vector<std::shared_ptr<Ending>> endings_;  // of earlier ones
  // A copy of each connection's descriptor, by number: gRPC owns the connection and does not tell when it
  // ends.
  absl::flat_hash_map<int, UniqueFd> watched_;
};

}  // namespace reloc
