#include "reloc/ipc/packet.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

namespace reloc {
namespace {

constexpr int kScmPidfd = 4;  // SCM_PIDFD, Linux 6.5; Debian 12's headers are from 6.1

constexpr size_t kControlSize =
    CMSG_SPACE(kMaxPacketFds * sizeof(int)) + CMSG_SPACE(sizeof(int)) + CMSG_SPACE(sizeof(struct ucred));
static_assert(CMSG_SPACE(PacketFds::kCapacity * sizeof(int)) >= kControlSize);

constexpr int Flags(PacketWait wait) { return wait == PacketWait::kNone ? MSG_DONTWAIT : 0; }

// Takes ownership of every descriptor that arrived, wanted or not: the kernel has installed them already.
void TakeFds(const struct cmsghdr* c, Packet* packet) {
  size_t count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
  for (size_t i = 0; i < count; ++i) {
    int fd;
    memcpy(&fd, CMSG_DATA(c) + i * sizeof fd, sizeof fd);
    if (c->cmsg_type == SCM_RIGHTS) {
      packet->fds.Add(fd);
    } else {
      packet->sender_pidfd.Reset(fd);
    }
  }
}

void TakeControl(struct msghdr* header, Packet* packet) {
  for (struct cmsghdr* c = CMSG_FIRSTHDR(header); c != nullptr; c = CMSG_NXTHDR(header, c)) {
    if (c->cmsg_level != SOL_SOCKET) continue;
    if (c->cmsg_type == SCM_RIGHTS || c->cmsg_type == kScmPidfd) TakeFds(c, packet);
    if (c->cmsg_type == SCM_CREDENTIALS)
      memcpy(&packet->sender.emplace(), CMSG_DATA(c), sizeof(struct ucred));
  }
}

}  // namespace

Errno SendPacket(int socket, string_view bytes, std::span<const int> fds, PacketWait wait) {
  alignas(struct cmsghdr) char control[CMSG_SPACE(kMaxPacketFds * sizeof(int))] = {};
  if (fds.size() > kMaxPacketFds) return Errno{EINVAL};
  struct iovec data = {const_cast<char*>(bytes.data()), bytes.size()};
  struct msghdr header = {};
  header.msg_iov = &data;
  header.msg_iovlen = 1;
  if (!fds.empty()) {
    header.msg_control = control;
    header.msg_controllen = CMSG_SPACE(fds.size_bytes());
    struct cmsghdr* c = CMSG_FIRSTHDR(&header);
    c->cmsg_level = SOL_SOCKET;
    c->cmsg_type = SCM_RIGHTS;
    c->cmsg_len = CMSG_LEN(fds.size_bytes());
    memcpy(CMSG_DATA(c), fds.data(), fds.size_bytes());
  }
  while (::sendmsg(socket, &header, MSG_NOSIGNAL | Flags(wait)) < 0) {
    if (errno != EINTR) return Errno::Last();
  }
  return kOk;
}

Errno ReceivePacket(int socket, std::span<char> memory, Packet* packet, PacketWait wait) {
  alignas(struct cmsghdr) char control[kControlSize];
  struct iovec data = {memory.data(), memory.size()};
  struct msghdr header = {};
  header.msg_iov = &data;
  header.msg_iovlen = 1;
  header.msg_control = control;
  header.msg_controllen = sizeof control;
  ssize_t size;
  do {
    size = ::recvmsg(socket, &header, MSG_CMSG_CLOEXEC | Flags(wait));
  } while (size < 0 && errno == EINTR);
  if (size < 0) return Errno::Last();
  TakeControl(&header, packet);
  packet->size = static_cast<size_t>(size);
  // Without the sender's credentials there is room for more descriptors.
  packet->truncated =
      (header.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0 || packet->fds.size() > kMaxPacketFds;
  return kOk;
}

}  // namespace reloc
