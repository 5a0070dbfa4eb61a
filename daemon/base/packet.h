// One message with descriptors over a SEQPACKET or DGRAM socket, without waiting.
#pragma once

#include <sys/socket.h>

#include <optional>
#include <span>

#include "absl/container/inlined_vector.h"
#include "reloc/base/result.h"
#include "reloc/base/text.h"
#include "reloc/base/unique_fd.h"

namespace reloc {

// More than any message of ours carries. A peer may send 253; the kernel closes those that find no room.
inline constexpr size_t kMaxPacketFds = 4;

struct Packet {
  size_t size = 0;  // 0: the peer is gone
  // Of who sent it, as the kernel saw it, where the socket has SO_PASSCRED and SO_PASSPIDFD: see unix(7).
  std::optional<struct ucred> sender;
  UniqueFd sender_pidfd;
  absl::InlinedVector<UniqueFd, 2> fds;
  bool truncated = false;  // bytes or descriptors were lost on the way: what is left cannot be believed
};

// Errors of sendmsg(2): EAGAIN (the receiver's queue is full), EPIPE (it is gone), ETOOMANYREFS (too many
// descriptors of ours wait to be received).
Errno SendPacket(int socket, string_view bytes, std::span<const int> fds = {});

// Receives into `memory`. EAGAIN if there is nothing.
Errno ReceivePacket(int socket, std::span<char> memory, Packet* packet);

}  // namespace reloc
