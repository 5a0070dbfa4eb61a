// The keeper: a child of relocd that makes the roots and holds their namespaces.
//
// Why a process of its own:
//   - launches open the namespaces through /proc/<keeper>/fd. So it must be dumpable, and then any process of
//     the user can take what it has: it has nothing but these namespaces. relocd itself is not dumpable.
//   - a process joins a user namespace only while it is single-threaded, and gRPC has threads.
// The first is forked before relocd has any thread; one that takes its place is relocd's program executed
// anew, since by then there may be threads. It ends when relocd's end of the socket closes, however that
// comes.
//
// Each root is built in a child of the keeper's, in parallel, so that a file system that hangs holds up
// nobody else. The child hands its namespace over and exits. Rejected: sharing the descriptor table with it
// (CLONE_FILES) instead: what a killed child had open would stay open in the keeper, mounts pinned with it.
#pragma once

#include <sys/types.h>

#include "absl/status/statusor.h"
#include "reloc/base/unique_fd.h"

namespace reloc {

struct KeeperProcess {
  pid_t pid = 0;    // a child that is not waited for
  UniqueFd pidfd;   // of it
  UniqueFd socket;  // SEQPACKET; protocol.h
};

// The keeper's name as a process; a program that is executed with it as argv[0] alone is to call RunKeeper().
inline constexpr char kKeeperName[] = "relocd-keeper";  // 15 characters at most

// Forks the keeper. The calling process must be single-threaded.
absl::StatusOr<KeeperProcess> ForkKeeper();
// Executes the calling program (/proc/self/exe) as the keeper. The calling process may have threads.
absl::StatusOr<KeeperProcess> ExecuteKeeper();
[[noreturn]] void RunKeeper();

}  // namespace reloc
