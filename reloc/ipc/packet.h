// Sends and receives one message with descriptors, over a SEQPACKET or DGRAM socket.
#pragma once

#include <sys/socket.h>

#include <array>
#include <optional>
#include <span>
#include <utility>

#include "reloc/base/result.h"
#include "reloc/base/text.h"
#include "reloc/base/unique_fd.h"

namespace reloc {

// More than any of our messages carries. A peer may send 253; the kernel closes those that do not fit.
inline constexpr size_t kMaxPacketFds = 4;

// Owns the descriptors of one message. The kernel installs them before the message is checked, so surplus
// ones of a misbehaving peer are owned too.
class PacketFds {
 public:
  // The number that fits into the memory for control messages if the socket has neither SO_PASSCRED nor
  // SO_PASSPIDFD.
  static constexpr size_t kCapacity = 20;

  void Add(int fd) {
    UniqueFd added(fd);
    if (size_ < kCapacity) fds_[size_++] = std::move(added);
  }
  bool empty() const { return size_ == 0; }
  size_t size() const { return size_; }
  UniqueFd& operator[](size_t i) { return fds_[i]; }
  std::span<UniqueFd> all() { return {fds_.data(), size_}; }

 private:
  std::array<UniqueFd, kCapacity> fds_;
  size_t size_ = 0;
};

struct Packet {
  size_t size = 0;  // bytes; 0: the peer has closed
  // The sender, as the kernel saw it, if the socket has SO_PASSCRED and SO_PASSPIDFD: see unix(7).
  std::optional<struct ucred> sender;
  UniqueFd sender_pidfd;
  PacketFds fds;
  bool truncated = false;  // bytes or descriptors were lost on the way: the rest must not be used
};

enum class PacketWait {
  kNone,     // EAGAIN if the call would block
  kForever,  // unless the socket is non-blocking
};

// Sends `bytes` with `fds` (borrowed). Errors of sendmsg(2): EAGAIN (the receiver's queue is full), EPIPE
// (the receiver has closed), ETOOMANYREFS (too many of our descriptors wait to be received).
Errno SendPacket(int socket, string_view bytes, std::span<const int> fds = {},
                 PacketWait wait = PacketWait::kNone);

// Receives into `memory`. EAGAIN if nothing is there.
Errno ReceivePacket(int socket, std::span<char> memory, Packet* packet, PacketWait wait = PacketWait::kNone);

}  // namespace reloc
