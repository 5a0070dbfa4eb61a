// relocd's own program, started again as a process that works with files.
//
// A file system may stop answering. Then a process that uses it cannot even be killed: a thread that waits
// there keeps its process alive after its end, with all descriptors and locks that it has. So relocd has no
// such threads. It starts a process instead, which has nothing but one socket, and which can be given up.
#pragma once

#include <stddef.h>
#include <sys/types.h>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "reloc/base/unique_fd.h"

namespace reloc {

struct ChildProcess {
  pid_t pid = 0;   // a child that is not waited for; 0: none
  UniqueFd pidfd;  // of it
};

// Executes /proc/self/exe with the single argument `mode`. The child has one end of a socket pair of `type`
// (SOCK_STREAM, SOCK_SEQPACKET), of which `*socket` gets the other end, /dev/null as its standard input and
// output, `standard_error` (-1: /dev/null), no blocked signal, and a process group of its own. The calling
// process may have threads.
absl::StatusOr<ChildProcess> SpawnSelf(const char* mode, int type, UniqueFd* socket, int standard_error = 2);

// Returns the child's end of that socket, in the child, which calls it once and first: from then on programs
// that the child executes do not inherit it.
UniqueFd TakeParentSocket();

// Kills `child` and waits up to `patience` until it ends. If it hangs in the kernel it may end later:
// GivenUpChildren() counts it until then. May be called on any thread.
void GiveUpChild(ChildProcess child, absl::Duration patience);

// Leaves `child` alone, which is about to end by itself. On any thread.
void LeaveChild(ChildProcess child);

// How many children that were given up or left have not ended yet. Reaps those that have. On any thread.
size_t GivenUpChildren();

// Returns whether `child` has ended or ends within `patience`. Does not reap it.
bool EndsWithin(const ChildProcess& child, absl::Duration patience);

}  // namespace reloc
