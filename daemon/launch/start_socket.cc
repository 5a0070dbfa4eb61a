#include "daemon/launch/start_socket.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <utility>

#include "absl/memory/memory.h"
#include "daemon/proc/pidfd.h"
#include "reloc/fault/fault.h"
#include "reloc/hosted/status.h"
#include "reloc/ipc/packet.h"
#include "reloc/launch/daemon_dir.h"
#include "reloc/launch/wire.h"

namespace reloc {
namespace {

absl::StatusOr<UniqueFd> OpenSender(Packet* packet) {
  if (fault::Fails(fault::Point::kJobWatch)) return absl::ErrnoToStatus(errno, "cannot watch a process");
  if (packet->sender_pidfd.valid()) return std::move(packet->sender_pidfd);
  return OpenPidfd(packet->sender->pid, BootTimeNow());
}

}  // namespace

StartSocket::StartSocket(EventLoop* loop, int dir, OnStart on_start)
    : loop_(loop),
      on_start_(std::move(on_start)),
      memory_(std::make_unique_for_overwrite<char[]>(kMaxMessageBytes)),
      name_(dir, kStartSocket, SOCK_DGRAM) {}

absl::StatusOr<std::unique_ptr<StartSocket>> StartSocket::Open(EventLoop* loop, int dir, OnStart on_start) {
  auto socket = absl::WrapUnique(new StartSocket(loop, dir, std::move(on_start)));
  RELOC_RETURN_IF_ERROR(socket->Bind());
  return socket;
}

StartSocket::~StartSocket() { loop_->Forget(socket_.get()); }

absl::Status StartSocket::Bind() {
  RELOC_ASSIGN_OR_RETURN(UniqueFd socket, name_.Bind());
  if (socket_.valid()) {
    ReceiveAll();
    loop_->Forget(socket_.get());
  }
  socket_ = std::move(socket);
  return loop_->Watch(socket_.get(), EPOLLIN, [this](uint32_t) { ReceiveOne(); });
}

absl::Status StartSocket::Mend() { return name_.IsInPlace() ? absl::OkStatus() : Bind(); }

int StartSocket::ReceiveAll() {
  int count = 0;
  while (ReceiveOne()) ++count;
  return count;
}

void StartSocket::End() {
  ::shutdown(socket_.get(), SHUT_RD);  // what was sent before can still be read
  ReceiveAll();
}

// False: there was none.
bool StartSocket::ReceiveOne() {
  Packet packet;
  Errno e = fault::Fails(fault::Point::kLaunchReceive)
                ? Errno::Last()
                : ReceivePacket(socket_.get(), {memory_.get(), kMaxMessageBytes}, &packet);
  if (!e.ok() || packet.size == 0) return false;
  const bool usable =
      packet.sender && packet.sender->uid == ::geteuid() && packet.fds.empty() && !packet.truncated;
  if (usable) on_start_({memory_.get(), packet.size}, packet.sender->pid, OpenSender(&packet));
  return true;
}

}  // namespace reloc
