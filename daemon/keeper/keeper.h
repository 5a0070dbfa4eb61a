// The keeper: a child of relocd that makes the roots and holds their namespaces.
//
// Why a process of its own:
//   - launches open the namespaces through /proc/<keeper>/fd. So it must be dumpable, and then any process of
//   the
//     user can take what it has: it has nothing but these namespaces. relocd itself is not dumpable.
//   - a process joins a user namespace only while it is single-threaded, and gRPC has threads.
// It is forked before relocd has any thread, and ends when relocd's end of the socket closes, however that
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
  pid_t pid = 0;
  UniqueFd socket;  // SEQPACKET, non-blocking; protocol.h
};

// Forks the keeper. The calling process must be single-threaded.
absl::StatusOr<KeeperProcess> StartKeeper();

}  // namespace reloc
