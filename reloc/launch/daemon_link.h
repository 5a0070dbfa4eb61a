// What a launch sends to the daemon: over a connection, or in one datagram that nobody answers.
//
// Nothing here may hold up a program: connecting never blocks (a full backlog is an error at once), and an
// answer is awaited until a deadline. Nothing here may believe a stranger: the directory and then the peer's
// uid are checked before a byte is sent.
#pragma once

#include <span>

#include "reloc/base/result.h"
#include "reloc/base/unique_fd.h"
#include "reloc/launch/daemon_dir.h"
#include "reloc/launch/failure.h"
#include "reloc/launch/wire.h"

namespace reloc {

// Sends `message` to start.sock in the open directory `daemon_dir`. False if it cannot be sent: the daemon
// has none, its queue is full (net.unix.max_dgram_qlen, 10 by default), or there is no /proc.
bool SendDatagram(int daemon_dir, string_view message);

// Returns whether a daemon has start.sock in the open directory `daemon_dir`, without waking it up.
bool IsServed(int daemon_dir);

inline constexpr uint64_t kDaemonDeadlineMicros = 100 * 1000;
// For an image's root once the daemon has said that it makes it: to mount the image here too would take as
// long. Longer than the daemon itself waits.
inline constexpr uint64_t kMakingDeadlineMicros = 10 * 1000 * 1000;

class DaemonLink {
 public:
  // Connects to launch.sock in the directory, through its descriptor. kNone on success.
  Reason Connect(const DaemonDirectory& directory);
  bool connected() const { return socket_.valid(); }

  // Sends one message, without waiting. `fd`: a descriptor to go along, or -1.
  Reason Send(string_view message, int fd);

  // Waits for the answer until `deadline` (MonotonicMicros), which kMaking puts off. `bytes` is the memory to
  // receive into; the reply points into it. An answer that lost descriptors on the way (MSG_CTRUNC) is
  // kProtocol, and what arrived is closed; so are namespaces that are not this user's to join, and a root
  // without a user namespace that is not root's.
  Reason Receive(uint64_t deadline, std::span<char> bytes, ReplyMessage* reply, UniqueFd* user_ns,
                 UniqueFd* mount_ns);

  // The same for an answer without a plan and descriptors; `*message` is what of `bytes` was received.
  Reason Receive(uint64_t deadline, std::span<char> bytes, std::span<const char>* message);

 private:
  UniqueFd socket_;
  uid_t peer_ = 0;
};

}  // namespace reloc
