// A listening Unix socket that hands over connections of the right user, and of nobody else.
#pragma once

#include <sys/types.h>
#include <unistd.h>

#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "daemon/base/event_loop.h"
#include "daemon/base/named_socket.h"
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

  // Whose connections come as what, in the open directory `dir`. Peers of our own uid are handed to
  // `on_peer`, root's too if `allow_root`; others are closed without a byte.
  struct Place {
    int dir;
    std::string name;
    int type;  // SOCK_STREAM or SOCK_SEQPACKET
    bool allow_root;
    OnPeer on_peer;
  };

  // Listens there, replacing what has that name, or by the socket that the service manager has opened there
  // for us. `place.dir` and `loop` must outlive the listener.
  static absl::StatusOr<std::unique_ptr<Listener>> Open(EventLoop* loop, Place place,
                                                        UniqueFd handed_over = UniqueFd());
  ~Listener();
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  // Takes every connection that waits. Returns how many there were.
  int AcceptAll();

  void Hide() { name_.Hide(); }
  void Show() { name_.Show(); }

  // Listens anew if someone removed the name.
  absl::Status Mend();

 private:
  Listener(EventLoop* loop, Place place)
      : loop_(loop), place_(std::move(place)), name_(place_.dir, place_.name, place_.type) {}
  absl::Status Bind();
  absl::Status Listen(UniqueFd socket);
  bool AcceptOne();
  void ShedOne();

  EventLoop* loop_;
  const uid_t own_uid_ = ::geteuid();
  Place place_;
  UniqueFd socket_;
  NamedSocket name_;  // goes before the socket that it is the name of
  UniqueFd spare_;
};

}  // namespace reloc
