#include "daemon/listener.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <utility>

#include "absl/memory/memory.h"
#include "absl/strings/str_cat.h"
#include "reloc/base/file.h"
#include "reloc/pack/status.h"

namespace reloc {
namespace {

// What waits while we are busy or stopped. A client that finds the queue full gets EAGAIN and goes its own
// way.
constexpr int kBacklog = 512;
UniqueFd OpenSpare() { return UniqueFd(::open("/", O_PATH | O_CLOEXEC)); }

}  // namespace

absl::StatusOr<std::unique_ptr<Listener>> Listener::Open(EventLoop* loop, int dir, const std::string& name,
                                                         int type, bool allow_root, OnPeer on_peer) {
  auto listener = absl::WrapUnique(new Listener(loop, dir, name, allow_root, std::move(on_peer)));
  RELOC_RETURN_IF_ERROR(listener->Bind(type));
  RELOC_RETURN_IF_ERROR(
      loop->Watch(listener->socket_.get(), EPOLLIN, [l = listener.get()](uint32_t) { l->Accept(); }));
  listener->spare_ = OpenSpare();
  return listener;
}

Listener::~Listener() {
  if (!socket_.valid()) return;
  loop_->Forget(socket_.get());
  ::unlinkat(dir_, name_.c_str(), 0);
}

// Under a temporary name until it listens with the right mode: no client ever sees half of it, and what an
// earlier daemon left is replaced in one step.
absl::Status Listener::Bind(int type) {
  std::string temporary = absl::StrCat(name_, ".new");
  UniqueFd socket(::socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  struct sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  // Through the descriptor: sun_path has 108 bytes, and the directory was checked.
  snprintf(address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d/%s", dir_, temporary.c_str());
  bool removed = ::unlinkat(dir_, temporary.c_str(), 0) == 0 || errno == ENOENT;
  bool listens = removed && socket.valid() &&
                 ::bind(socket.get(), reinterpret_cast<struct sockaddr*>(&address), sizeof address) == 0 &&
                 ::fchmodat(dir_, temporary.c_str(), 0600, 0) == 0 && ::listen(socket.get(), kBacklog) == 0 &&
                 ::renameat(dir_, temporary.c_str(), dir_, name_.c_str()) == 0;
  if (!listens) return absl::ErrnoToStatus(errno, absl::StrCat("cannot listen on ", name_));
  socket_ = std::move(socket);
  return absl::OkStatus();
}

// One connection for each event: most come alone, and looking for a second one would cost as much as being told
// of it.
void Listener::Accept() {
  UniqueFd socket(::accept4(socket_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  if (!socket.valid()) {
    if (errno == EMFILE || errno == ENFILE) ShedOne();
    return;  // whatever else it was: while there is a connection we are called again
  }
  struct ucred peer;
  socklen_t size = sizeof peer;
  if (::getsockopt(socket.get(), SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return;
  bool trusted = peer.uid == own_uid_ || (allow_root_ && peer.uid == 0);
  if (trusted) on_peer_({std::move(socket), peer.pid, peer.uid});
}

// Out of descriptors: the connection would wait, and wake us up, until one is free. With the spare one it is
// taken and closed at once, and the client goes its own way.
void Listener::ShedOne() {
  spare_.Reset();
  UniqueFd shed(::accept4(socket_.get(), nullptr, nullptr, SOCK_CLOEXEC));
  shed.Reset();
  spare_ = OpenSpare();
}

}  // namespace reloc
