// One message with descriptors, over a SEQPACKET or DGRAM socket.
#pragma once

#include <sys/socket.h>

#include <optional>
#include <span>
#include <utility>

#include "reloc/base/result.h"
#include "reloc/base/text.h"
#include "reloc/base/unique_fd.h"

namespace reloc {

// More than any message of ours carries. A peer may send 253; the kernel closes those that find no room.
inline constexpr size_t kMaxPacketFds = 4;

// Owns the descriptors of one message. The kernel installs them before anyone has looked at the message: also those
// that a wrong peer sent too many of are owned.
class PacketFds {
 public:
  // What fits into the memory for control messages if the socket has neither SO_PASSCRED nor SO_PASSPIDFD.
  static constexpr size_t kCapacity = 20;

  void Add(int fd) {
    UniqueFd added(fd);
    if (size_ < kCapacity) fds_[size_++] = std::move(added);
  }
  bool empty() const { return size_ == 0; }
  size_t size() const { return size_; }
  UniqueFd& operator[](size_t i) { return fds_[i]; }
  std::span<UniqueFd> all() { return {fds_, size_}; }

 private:
  UniqueFd fds_[kCapacity];
  size_t size_ = 0;
};

struct Packet {
  size_t size = 0;  // bytes; 0: the peer is gone
  // Who sent it, as the kernel saw it, where the socket has SO_PASSCRED and SO_PASSPIDFD: see unix(7).
  std::optional<struct ucred> sender;
  UniqueFd sender_pidfd;
  PacketFds fds;
  bool truncated = false;  // bytes or descriptors were lost on the way: what is left cannot be believed
};

enum class PacketWait {
  kNone,     // EAGAIN where the call would wait
  kForever,  // unless the socket is non-blocking
};

// Sends `bytes` with `fds` (borrowed). Errors of sendmsg(2): EAGAIN (the receiver's queue is full), EPIPE (it is
// gone), ETOOMANYREFS (too many descriptors of ours wait to be received).
Errno SendPacket(int socket, string_view bytes, std::span<const int> fds = {},
                 PacketWait wait = PacketWait::kNone);

// Receives into `memory`. EAGAIN if there is nothing.
Errno ReceivePacket(int socket, std::span<char> memory, Packet* packet, PacketWait wait = PacketWait::kNone);

}  // namespace reloc
