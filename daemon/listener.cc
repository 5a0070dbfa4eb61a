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
#include "reloc/fault/fault.h"
#include "reloc/pack/status.h"

namespace reloc {
namespace {

// What waits while we are busy or stopped. A client that finds the queue full gets EAGAIN and goes its own
// way.
constexpr int kBacklog = 512;
UniqueFd OpenSpare() { return UniqueFd(::open("/", O_PATH | O_CLOEXEC)); }

}  // namespace

absl::StatusOr<std::unique_ptr<Listener>> Listener::Open(EventLoop* loop, Place place, UniqueFd handed_over) {
  auto listener = absl::WrapUnique(new Listener(loop, std::move(place)));
  listener->spare_ = OpenSpare();
  Result<FileId> there = IdentifyAt(listener->place_.dir, listener->place_.name.c_str());
  if (handed_over.valid() && there.ok()) {
    listener->id_ = *there;
    listener->handed_over_ = true;
    RELOC_RETURN_IF_ERROR(listener->Listen(std::move(handed_over)));
  } else {
    RELOC_RETURN_IF_ERROR(listener->Bind());
  }
  return listener;
}

Listener::~Listener() {
  if (!socket_.valid()) return;
  loop_->Forget(socket_.get());
  if (handed_over_) return;
  for (const std::string& name : {place_.name, TemporaryName()}) {
    if (HasName(name)) ::unlinkat(place_.dir, name.c_str(), 0);
  }
}

std::string Listener::TemporaryName() const { return absl::StrCat(place_.name, ".new"); }

bool Listener::HasName(const std::string& name) const {
  Result<FileId> there = IdentifyAt(place_.dir, name.c_str());
  return there.ok() && *there == id_;
}

// Under a temporary name until it listens with the right mode: no client ever sees half of it, and what an
// earlier daemon left is replaced in one step.
absl::Status Listener::Bind() {
  const std::string temporary = TemporaryName();
  const int dir = place_.dir;
  UniqueFd socket(fault::Fails(fault::Point::kSocketBind)
                      ? -1
                      : ::socket(AF_UNIX, place_.type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  struct sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  // Through the descriptor: sun_path has 108 bytes, and the directory was checked.
  snprintf(address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d/%s", dir, temporary.c_str());
  bool removed = ::unlinkat(dir, temporary.c_str(), 0) == 0 || errno == ENOENT;
  bool listens = removed && socket.valid() &&
                 ::bind(socket.get(), reinterpret_cast<struct sockaddr*>(&address), sizeof address) == 0 &&
                 ::fchmodat(dir, temporary.c_str(), 0600, 0) == 0 && ::listen(socket.get(), kBacklog) == 0;
  Result<FileId> id = IdentifyAt(dir, temporary.c_str());
  if (!listens || !id.ok() || ::renameat(dir, temporary.c_str(), dir, place_.name.c_str()) != 0) {
    return absl::ErrnoToStatus(errno, absl::StrCat("cannot listen on ", place_.name));
  }
  id_ = *id;
  handed_over_ = false;
  return Listen(std::move(socket));
}

// From now on by `socket`. Who waits at the one before has no way to know.
absl::Status Listener::Listen(UniqueFd socket) {
  if (socket_.valid()) {
    AcceptAll();
    loop_->Forget(socket_.get());
  }
  socket_ = std::move(socket);
  // One connection for each event: most come alone, and looking for a second one would cost as much as being
  // told of it.
  return loop_->Watch(socket_.get(), EPOLLIN, [this](uint32_t) { AcceptOne(); });
}

int Listener::AcceptAll() {
  int count = 0;
  while (count < kBacklog && AcceptOne()) ++count;
  return count;
}

void Listener::Hide() {
  if (handed_over_ || !HasName(place_.name)) return;
  ::renameat(place_.dir, place_.name.c_str(), place_.dir, TemporaryName().c_str());
}

void Listener::Show() {
  if (handed_over_ || !HasName(TemporaryName())) return;
  ::renameat(place_.dir, TemporaryName().c_str(), place_.dir, place_.name.c_str());
}

absl::Status Listener::Mend() { return HasName(place_.name) ? absl::OkStatus() : Bind(); }

bool Listener::AcceptOne() {
  UniqueFd socket(fault::Fails(fault::Point::kLaunchAccept)
                      ? -1
                      : ::accept4(socket_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  if (!socket.valid()) {
    if (errno == EMFILE || errno == ENFILE) ShedOne();
    return false;  // whatever else it was: while there is a connection we are called again
  }
  struct ucred peer;
  socklen_t size = sizeof peer;
  if (::getsockopt(socket.get(), SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return true;
  bool trusted = peer.uid == own_uid_ || (place_.allow_root && peer.uid == 0);
  if (trusted) place_.on_peer({std::move(socket), peer.pid, peer.uid});
  return true;
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
