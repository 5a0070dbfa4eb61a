// Sends a launch's messages to the daemon: over a connection, or in one datagram without an answer.
//
// Nothing here may delay a program: connecting never blocks (a full backlog is an error at once), and waiting
// for an answer has a deadline. Nothing here may trust another user: the directory and then the peer's uid
// are checked before a byte is sent.
#pragma once

#include <span>

#include "reloc/base/result.h"
#include "reloc/base/unique_fd.h"
#include "reloc/launch/daemon_dir.h"
#include "reloc/launch/failure.h"
#include "reloc/launch/wire.h"

namespace reloc {

// Sends `message` to start.sock in the open directory `daemon_dir`. Returns false if it cannot be sent: the
// daemon has no such socket, its queue is full (net.unix.max_dgram_qlen, 10 by default), or there is no
// /proc.
bool SendDatagram(int daemon_dir, string_view message);

// Returns whether a daemon has start.sock in the open directory `daemon_dir`, without waking it up.
bool IsServed(int daemon_dir);

inline constexpr uint64_t kDaemonDeadlineMicros = 100 * 1000;
// The deadline for an image's root once the daemon has replied that it is making it: mounting the image here
// too would take as long. Longer than the daemon itself waits.
inline constexpr uint64_t kMakingDeadlineMicros = 10 * 1000 * 1000;

class DaemonLink {
 public:
  // Connects to launch.sock in the directory, through its descriptor. kNone on success.
  Reason Connect(const DaemonDirectory& directory);
  bool connected() const { return socket_.valid(); }

  // Sends one message, without blocking. `fd`: a descriptor to send with it, or -1.
  Reason Send(string_view message, int fd);

  // Waits for the answer until `deadline` (MonotonicMicros), which kMaking extends. `bytes` is the memory to
  // receive into; the reply points into it. Returns kProtocol, and closes what arrived, for an answer that
  // lost descriptors on the way (MSG_CTRUNC), for namespaces that this user may not join, and for a root
  // without a user namespace that is not root's.
  Reason Receive(uint64_t deadline, std::span<char> bytes, ReplyMessage* reply, UniqueFd* user_ns,
                 UniqueFd* mount_ns);

  // Does the same for an answer without a plan and descriptors; `*message` is the part of `bytes` that was
  // received.
  Reason Receive(uint64_t deadline, std::span<char> bytes, std::span<const char>* message);

 private:
  UniqueFd socket_;
  uid_t peer_ = 0;
};

}  // namespace reloc
