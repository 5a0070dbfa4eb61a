#include "daemon/base/listener.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <utility>

#include "absl/memory/memory.h"
#include "reloc/fault/fault.h"
#include "reloc/hosted/status.h"
#include "reloc/ipc/unix_address.h"

namespace reloc {
namespace {

constexpr int kAcceptAtMost = 512;

UniqueFd OpenSpare() { return UniqueFd(::open("/", O_PATH | O_CLOEXEC)); }

}  // namespace

absl::StatusOr<std::unique_ptr<Listener>> Listener::Open(EventLoop* loop, Place place, UniqueFd handed_over) {
  auto listener = absl::WrapUnique(new Listener(loop, std::move(place)));
  listener->spare_ = OpenSpare();
  const bool taken = handed_over.valid() && listener->name_.TakeOver();
  RELOC_RETURN_IF_ERROR(taken ? listener->Listen(std::move(handed_over)) : listener->Bind());
  return listener;
}

Listener::~Listener() {
  if (socket_.valid()) loop_->Forget(socket_.get());
}

absl::Status Listener::Bind() {
  RELOC_ASSIGN_OR_RETURN(UniqueFd socket, name_.Bind());
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
  while (count < kAcceptAtMost && AcceptOne()) ++count;
  return count;
}

absl::Status Listener::Mend() { return name_.IsInPlace() ? absl::OkStatus() : Bind(); }

bool Listener::AcceptOne() {
  UniqueFd socket(fault::Fails(fault::Point::kLaunchAccept)
                      ? -1
                      : ::accept4(socket_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  if (!socket.valid()) {
    if (errno == EMFILE || errno == ENFILE) ShedOne();
    return false;  // whatever else it was: while there is a connection we are called again
  }
  Result<struct ucred> peer = PeerOf(socket.get());
  if (!peer.ok()) return true;
  bool trusted = peer->uid == own_uid_ || (place_.allow_root && peer->uid == 0);
  if (trusted) place_.on_peer({std::move(socket), peer->pid, peer->uid});
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
