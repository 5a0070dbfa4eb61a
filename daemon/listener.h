// A listening Unix socket that hands over connections of the right user, and of nobody else.
#pragma once

#include <sys/types.h>
#include <unistd.h>

#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "daemon/event_loop.h"
#include "reloc/base/unique_fd.h"

namespace reloc {

struct Peer {
  UniqueFd socket;  // non-blocking
  pid_t pid = 0;    // who connected, as the kernel saw it
  uid_t uid = 0;
};

class Listener {
 public:
  using OnPeer = std::function<void(Peer)>;

  // Listens as `name` in the open directory `dir`, replacing what has that name. `type`: SOCK_STREAM or
  // SOCK_SEQPACKET. Peers of our own uid are handed to `on_peer`, root's too if `allow_root`; others are
  // closed without a byte. `dir` and `loop` must outlive the listener.
  static absl::StatusOr<std::unique_ptr<Listener>> Open(EventLoop* loop, int dir, const std::string& name,
                                                        int type, bool allow_root, OnPeer on_peer);
  // Removes the name.
  ~Listener();
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

 private:
  Listener(EventLoop* loop, int dir, std::string name, bool allow_root, OnPeer on_peer)
      : loop_(loop),
        dir_(dir),
        name_(std::move(name)),
        allow_root_(allow_root),
        on_peer_(std::move(on_peer)) {}
  absl::Status Bind(int type);
  void Accept();
  void ShedOne();

  EventLoop* loop_;
  int dir_;
  std::string name_;
  bool allow_root_;
  uid_t own_uid_ = ::geteuid();
  OnPeer on_peer_;
  UniqueFd socket_;
  UniqueFd spare_;
};

}  // namespace reloc
