// Receives what launches tell of themselves just before they become their program, each in one datagram:
// launch.sock would cost both sides a connection.
//
// A launch that cannot send here (the queue is full; relocd is older, or not there) connects to launch.sock,
// so nothing is lost but what a daemon that is killed has not read yet.
#pragma once

#include <sys/types.h>

#include <functional>
#include <memory>
#include <span>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "daemon/base/event_loop.h"
#include "daemon/base/named_socket.h"
#include "reloc/base/unique_fd.h"

namespace reloc {

class StartSocket {
 public:
  // `message`: valid during the call. `pidfd`: of the process `pid`, which sent it; or why there is none.
  using OnStart =
      std::function<void(std::span<const char> message, pid_t pid, absl::StatusOr<UniqueFd> pidfd)>;

  // Has the name kStartSocket in the open directory `dir`, which, as `loop`, must outlive it. Messages of
  // other users are dropped.
  static absl::StatusOr<std::unique_ptr<StartSocket>> Open(EventLoop* loop, int dir, OnStart on_start);
  ~StartSocket();
  StartSocket(const StartSocket&) = delete;
  StartSocket& operator=(const StartSocket&) = delete;

  // Takes every message that waits. Returns how many there were.
  int ReceiveAll();
  // The same; from now on nobody can send any more.
  void End();

  // As Listener's.
  void Hide() { name_.Hide(); }
  void Show() { name_.Show(); }
  absl::Status Mend();

 private:
  StartSocket(EventLoop* loop, int dir, OnStart on_start);
  absl::Status Bind();
  bool ReceiveOne();

  EventLoop* loop_;
  OnStart on_start_;
  std::unique_ptr<char[]> memory_;
  UniqueFd socket_;
  NamedSocket name_;  // goes before the socket that it is the name of
};

}  // namespace reloc
