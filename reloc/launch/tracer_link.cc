#include "reloc/launch/tracer_link.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <utility>

namespace reloc {
namespace {

union ControlMemory {
  cmsghdr header;
  char bytes[CMSG_SPACE(sizeof(int))];
};

}  // namespace

Errno SendTrace(int socket, const TraceMessage& message, int attached) {
  iovec part = {const_cast<TraceMessage*>(&message), sizeof message};
  ControlMemory control = {};
  msghdr header = {};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  if (attached >= 0) {
    header.msg_control = control.bytes;
    header.msg_controllen = sizeof control.bytes;
    control.header.cmsg_level = SOL_SOCKET;
    control.header.cmsg_type = SCM_RIGHTS;
    control.header.cmsg_len = CMSG_LEN(sizeof attached);
    memcpy(CMSG_DATA(&control.header), &attached, sizeof attached);
  }
  while (::sendmsg(socket, &header, MSG_NOSIGNAL) < 0) {
    if (errno != EINTR) return Errno::Last();
  }
  return kOk;
}

Errno ReceiveTrace(int socket, TraceMessage* message, UniqueFd* attached) {
  iovec part = {message, sizeof *message};
  ControlMemory control = {};
  msghdr header = {};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  header.msg_control = control.bytes;
  header.msg_controllen = sizeof control.bytes;
  ssize_t size = 0;
  while ((size = ::recvmsg(socket, &header, MSG_CMSG_CLOEXEC)) < 0 && errno == EINTR) {
  }
  // The other end closed it, or was killed with messages of ours unread.
  if (size == 0 || (size < 0 && errno == ECONNRESET)) return Errno{EPIPE};
  if (size < 0) return Errno::Last();
  UniqueFd received;
  if (const cmsghdr* found = CMSG_FIRSTHDR(&header); found != nullptr && found->cmsg_type == SCM_RIGHTS) {
    int fd = -1;
    memcpy(&fd, CMSG_DATA(found), sizeof fd);
    received.Reset(fd);
  }
  // Truncated: there was no number free for the descriptor.
  if (size != sizeof *message || (header.msg_flags & MSG_CTRUNC) != 0) return Errno{EMFILE};
  if (attached != nullptr) *attached = std::move(received);
  return kOk;
}

uint64_t SetSignalMask(uint64_t mask) {
  uint64_t before = 0;
  // Fails for a wrong size or an unknown `how` alone.
  ::syscall(SYS_rt_sigprocmask, SIG_SETMASK, &mask, &before, sizeof mask);
  return before;
}

}  // namespace reloc
