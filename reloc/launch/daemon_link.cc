#include "reloc/launch/daemon_link.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <utility>

#include "reloc/ipc/packet.h"
#include "reloc/ipc/unix_address.h"
#include "reloc/launch/launch_log.h"
#include "reloc/launch/namespaces.h"

namespace reloc {
namespace {

// Inside a root's user namespace, root has no id: the uid of its daemon is the overflow uid. In a directory
// that belonged to root and was closed to others, nobody else can make sockets.
constexpr uid_t kOverflowUid = 65534;

bool PeerIsTrusted(int socket, uid_t directory_owner, uid_t* peer_uid) {
  Result<struct ucred> peer = PeerOf(socket);
  if (!peer.ok()) return false;
  *peer_uid = peer->uid == kOverflowUid && directory_owner == 0 ? 0 : peer->uid;
  return *peer_uid == ::geteuid() || *peer_uid == 0;
}

Reason WaitReadable(int socket, uint64_t deadline) {
  while (true) {
    uint64_t now = MonotonicMicros();
    if (now >= deadline) return Reason::kDaemonSilent;
    struct pollfd entry = {socket, POLLIN, 0};
    // Rounded up: waiting 0 ms in a loop would waste the caller's CPU time.
    int n = ::poll(&entry, 1, static_cast<int>((deadline - now) / 1000 + 1));
    if (n > 0) return Reason::kNone;
    if (n < 0 && errno != EINTR) return Reason::kProtocol;
  }
}

// Receives one message and checks its header.
Reason ReceiveMessage(int socket, uint64_t deadline, std::span<char> memory, std::span<const char>* received,
                      PacketFds* fds) {
  if (Reason r = WaitReadable(socket, deadline); r != Reason::kNone) return r;
  Packet packet;
  if (!ReceivePacket(socket, memory, &packet).ok() || packet.size == 0) return Reason::kNoDaemon;
  // A receiver that has no free descriptors loses them silently, except for this flag.
  if (packet.truncated) return Reason::kProtocol;
  *fds = std::move(packet.fds);
  *received = std::span<const char>(memory.data(), packet.size);
  MessageType type;
  WireError error = CheckHeader(*received, &type);
  if (error == WireError::kNone) return Reason::kNone;
  return error == WireError::kVersion ? Reason::kVersion : Reason::kProtocol;
}

}  // namespace

bool IsServed(int daemon_dir) {
  UniqueFd fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const UnixAddress address(daemon_dir, kStartSocket);
  return fd.valid() && ::connect(fd.get(), address.get(), address.size()) == 0;
}

bool SendDatagram(int daemon_dir, string_view message) {
  UniqueFd fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd.valid()) return false;
  const UnixAddress address(daemon_dir, kStartSocket);
  return ::sendto(fd.get(), message.data(), message.size(), MSG_NOSIGNAL, address.get(), address.size()) >= 0;
}

Reason DaemonLink::Connect(const DaemonDirectory& directory) {
  UniqueFd fd(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd.valid()) return Reason::kProtocol;
  const UnixAddress address(directory.get(), kLaunchSocket);
  if (::connect(fd.get(), address.get(), address.size()) != 0) {
    return errno == EAGAIN ? Reason::kDaemonSilent : Reason::kNoDaemon;
  }
  if (!PeerIsTrusted(fd.get(), directory.owner, &peer_)) return Reason::kForeignDaemon;
  socket_ = std::move(fd);
  return Reason::kNone;
}

Reason DaemonLink::Send(string_view message, int fd) {
  const std::span<const int> fds(&fd, fd >= 0 ? 1 : 0);
  Errno sent = SendPacket(socket_.get(), message, fds);
  if (sent.ok()) return Reason::kNone;
  return sent.value == EAGAIN ? Reason::kDaemonSilent : Reason::kProtocol;
}

Reason DaemonLink::Receive(uint64_t deadline, std::span<char> bytes, ReplyMessage* reply, UniqueFd* user_ns,
                           UniqueFd* mount_ns) {
  PacketFds fds;
  std::span<const char> received;
  if (Reason r = ReceiveMessage(socket_.get(), deadline, bytes, &received, &fds); r != Reason::kNone)
    return r;
  if (MessageType type; CheckHeader(received, &type) == WireError::kNone && type == MessageType::kMaking) {
    deadline = MonotonicMicros() + kMakingDeadlineMicros;
    Reason r = ReceiveMessage(socket_.get(), deadline, bytes, &received, &fds);
    if (r != Reason::kNone) return r;
  }
  if (!Decode(received, reply)) return Reason::kProtocol;
  if (reply->reason != Reason::kNone) return reply->reason;
  // Two descriptors, or one if the root has no user namespace of its own.
  if (fds.size() != 1 && fds.size() != kReplyFds) return Reason::kProtocol;
  *mount_ns = std::move(fds[fds.size() - 1]);
  if (fds.size() == kReplyFds) *user_ns = std::move(fds[0]);
  // Only a privileged process can make a root without a user namespace: a daemon of root's.
  if (!user_ns->valid() && peer_ != 0) return Reason::kProtocol;
  return AreOwnNamespaces(user_ns->get(), mount_ns->get()) ? Reason::kNone : Reason::kProtocol;
}

Reason DaemonLink::Receive(uint64_t deadline, std::span<char> bytes, std::span<const char>* message) {
  PacketFds none;
  return ReceiveMessage(socket_.get(), deadline, bytes, message, &none);
}

}  // namespace reloc
