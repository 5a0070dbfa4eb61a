// Watching processes that are not our children, through pidfds: a number may name another process a moment
// later, a pidfd never does.
#pragma once

#include <stdint.h>
#include <sys/types.h>

#include <optional>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "reloc/base/unique_fd.h"

namespace reloc {

// The process at the other end of `socket`. `pid` and `accepted` (since boot: CLOCK_BOOTTIME): who connected
// and when, for kernels before 6.5, which cannot tell the process itself. NotFound if it is gone.
absl::StatusOr<UniqueFd> OpenPeerPidfd(int socket, pid_t pid, absl::Duration accepted);

// The same from the number alone: `pid` must have been taken before `since`. A process that started later, or
// is another user's, is another one with the same number.
absl::StatusOr<UniqueFd> OpenPidfd(pid_t pid, absl::Duration since);

// True if both are of one process. Linux 6.9 gives each process an inode of its own; before, the answer is
// that `a` has not ended: as long as it has not, nobody else has its number.
bool SameProcess(int a, int b);

// Which process it is, so that a later daemon knows it again: within one boot no other process gets these
// numbers, as it may get the pid.
struct ProcessIdentity {
  uint64_t inode = 0;                             // of its pidfds, since Linux 6.9
  absl::Duration started = absl::ZeroDuration();  // since boot, on older kernels
  bool operator==(const ProcessIdentity&) const = default;
};
// Of the process that `pidfd` and `pid` belong to. All zero if it is gone.
ProcessIdentity IdentifyProcess(int pidfd, pid_t pid);
// The process of that number and identity, which may have ended but was not waited for. NotFound if it is
// gone, whoever has its number now.
absl::StatusOr<UniqueFd> ReopenPidfd(pid_t pid, const ProcessIdentity& identity);

// The inode number of the mount namespace of the process that `pidfd` and `pid` belong to; 0 if it is not
// known. Does not block, but for our own processes on kernels before 6.11, which have no call for that.
uint64_t MountNamespaceOf(int pidfd, pid_t pid);

// True once the process has ended, whether or not its parent has waited for it.
bool HasEnded(int pidfd);

// What can be known of a process that has ended.
struct Ending {
  std::optional<int> wait_status;           // as of waitpid(2)
  std::optional<double> cpu_seconds;        // of the process and the children that it waited for
  std::optional<absl::Time> ended_at = {};  // if it was not just now
};
// nullopt: nothing yet, ask again when the pidfd reports EPOLLHUP (the parent has waited for the process).
// `pid`: the number that belongs to `pidfd`.
//
// The kernel keeps the status for whoever holds a pidfd (PIDFD_GET_INFO, Linux 6.15), but tells only once the
// parent has waited. Until then /proc has it. Between the two every ending is seen, and without either the
// status stays unknown.
std::optional<Ending> ReadEnding(int pidfd, pid_t pid);

absl::Duration BootTimeNow();

}  // namespace reloc
