#include "reloc/launch/daemon_link.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <utility>

#include "reloc/launch/namespaces.h"
#include "reloc/launch/trace.h"

namespace reloc {
namespace {

// Through the descriptor of the directory that was checked: its name may lead elsewhere by now.
struct sockaddr_un AddressOf(const char* socket, int daemon_dir) {
  struct sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  TextBuffer(address.sun_path, sizeof address.sun_path) << "/proc/self/fd/" << daemon_dir << '/' << socket;
  return address;
}

// Inside a root's user namespace root has no number: its daemon's uid is the overflow uid. In a directory
// that was root's, and closed to others, nobody else makes sockets.
constexpr uid_t kOverflowUid = 65534;

bool PeerIsTrusted(int socket, uid_t directory_owner, uid_t* peer_uid) {
  struct ucred peer;
  socklen_t size = sizeof peer;
  if (::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return false;
  if (peer.uid == kOverflowUid && directory_owner == 0) peer.uid = 0;
  *peer_uid = peer.uid;
  return peer.uid == ::geteuid() || peer.uid == 0;
}

Reason WaitReadable(int socket, uint64_t deadline) {
  while (true) {
    uint64_t now = MonotonicMicros();
    if (now >= deadline) return Reason::kDaemonSilent;
    struct pollfd entry = {socket, POLLIN, 0};
    // Rounded up: waiting 0 ms in a loop would burn the caller's time.
    int n = ::poll(&entry, 1, static_cast<int>((deadline - now) / 1000 + 1));
    if (n > 0) return Reason::kNone;
    if (n < 0 && errno != EINTR) return Reason::kProtocol;
  }
}

// SCM_RIGHTS installs descriptors before anyone has looked at them: all are owned here first, also those that
// a wrong peer sent too many of.
class ReceivedFds {
 public:
  void Take(const struct msghdr& message) {
    for (struct cmsghdr* c = CMSG_FIRSTHDR(&message); c != nullptr;
         c = CMSG_NXTHDR(const_cast<struct msghdr*>(&message), c)) {
      if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS) continue;
      size_t count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
      for (size_t i = 0; i < count; ++i) {
        int fd;
        memcpy(&fd, CMSG_DATA(c) + i * sizeof fd, sizeof fd);
        if (count_ < kMax) fds_[count_++].Reset(fd);
      }
    }
  }
  size_t count() const { return count_; }
  UniqueFd& operator[](size_t i) { return fds_[i]; }

  // The kernel sends at most SCM_MAX_FD (253) descriptors with a message; room for fewer sets MSG_CTRUNC and
  // the kernel closes the rest.
  static constexpr size_t kMax = 8;

 private:
  UniqueFd fds_[kMax];
  size_t count_ = 0;
};

// One message, with the header checked.
Reason ReceivePacket(int socket, uint64_t deadline, std::span<char> memory, std::span<const char>* received,
                     ReceivedFds* fds) {
  if (Reason r = WaitReadable(socket, deadline); r != Reason::kNone) return r;
  struct iovec data = {memory.data(), memory.size()};
  alignas(struct cmsghdr) char control[CMSG_SPACE(ReceivedFds::kMax * sizeof(int))];
  struct msghdr header = {};
  header.msg_iov = &data;
  header.msg_iovlen = 1;
  header.msg_control = control;
  header.msg_controllen = sizeof control;
  ssize_t size = ::recvmsg(socket, &header, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
  if (size <= 0) return Reason::kNoDaemon;  // it went away before it answered
  fds->Take(header);
  // A receiver that is out of descriptors loses them silently, but for this flag.
  if ((header.msg_flags & (MSG_CTRUNC | MSG_TRUNC)) != 0) return Reason::kProtocol;
  *received = std::span<const char>(memory.data(), static_cast<size_t>(size));
  MessageType type;
  WireError error = CheckHeader(*received, &type);
  if (error == WireError::kNone) return Reason::kNone;
  return error == WireError::kVersion ? Reason::kVersion : Reason::kProtocol;
}

}  // namespace

bool IsServed(int daemon_dir) {
  UniqueFd fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const struct sockaddr_un address = AddressOf(kStartSocket, daemon_dir);
  return fd.valid() &&
         ::connect(fd.get(), reinterpret_cast<const struct sockaddr*>(&address), sizeof address) == 0;
}

bool SendDatagram(int daemon_dir, string_view message) {
  UniqueFd fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd.valid()) return false;
  const struct sockaddr_un address = AddressOf(kStartSocket, daemon_dir);
  return ::sendto(fd.get(), message.data(), message.size(), MSG_NOSIGNAL,
                  reinterpret_cast<const struct sockaddr*>(&address), sizeof address) >= 0;
}

Reason DaemonLink::Connect(const DaemonDirectory& directory) {
  UniqueFd fd(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd.valid()) return Reason::kProtocol;
  const struct sockaddr_un address = AddressOf(kLaunchSocket, directory.get());
  if (::connect(fd.get(), reinterpret_cast<const struct sockaddr*>(&address), sizeof address) != 0) {
    return errno == EAGAIN ? Reason::kDaemonSilent : Reason::kNoDaemon;
  }
  if (!PeerIsTrusted(fd.get(), directory.owner, &peer_)) return Reason::kForeignDaemon;
  socket_ = std::move(fd);
  return Reason::kNone;
}

Reason DaemonLink::Send(string_view message, int fd) {
  struct iovec data = {const_cast<char*>(message.data()), message.size()};
  alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  struct msghdr header = {};
  header.msg_iov = &data;
  header.msg_iovlen = 1;
  if (fd >= 0) {
    header.msg_control = control;
    header.msg_controllen = sizeof control;
    struct cmsghdr* c = CMSG_FIRSTHDR(&header);
    c->cmsg_level = SOL_SOCKET;
    c->cmsg_type = SCM_RIGHTS;
    c->cmsg_len = CMSG_LEN(sizeof fd);
    memcpy(CMSG_DATA(c), &fd, sizeof fd);
  }
  if (::sendmsg(socket_.get(), &header, MSG_NOSIGNAL | MSG_DONTWAIT) >= 0) return Reason::kNone;
  return errno == EAGAIN ? Reason::kDaemonSilent : Reason::kProtocol;
}

Reason DaemonLink::Receive(uint64_t deadline, std::span<char> bytes, ReplyMessage* reply, UniqueFd* user_ns,
                           UniqueFd* mount_ns) {
  ReceivedFds fds;
  std::span<const char> received;
  if (Reason r = ReceivePacket(socket_.get(), deadline, bytes, &received, &fds); r != Reason::kNone) return r;
  if (MessageType type; CheckHeader(received, &type) == WireError::kNone && type == MessageType::kMaking) {
    deadline = MonotonicMicros() + kMakingDeadlineMicros;
    Reason r = ReceivePacket(socket_.get(), deadline, bytes, &received, &fds);
    if (r != Reason::kNone) return r;
  }
  if (!Decode(received, reply)) return Reason::kProtocol;
  if (reply->reason != Reason::kNone) return reply->reason;
  // Two descriptors, or one where the root has no user namespace of its own.
  if (fds.count() != 1 && fds.count() != kReplyFds) return Reason::kProtocol;
  *mount_ns = std::move(fds[fds.count() - 1]);
  if (fds.count() == kReplyFds) *user_ns = std::move(fds[0]);
  // With privileges alone can a root be made without a user namespace: a daemon of root's has them.
  if (!user_ns->valid() && peer_ != 0) return Reason::kProtocol;
  return AreOwnNamespaces(user_ns->get(), mount_ns->get()) ? Reason::kNone : Reason::kProtocol;
}

Reason DaemonLink::Receive(uint64_t deadline, std::span<char> bytes, std::span<const char>* message) {
  ReceivedFds none;
  return ReceivePacket(socket_.get(), deadline, bytes, message, &none);
}

}  // namespace reloc
