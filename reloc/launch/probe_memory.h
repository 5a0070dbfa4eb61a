// Remembers what probes found out about this host since it booted: an engine that is known to fail need not
// be tried again and again, each time at the cost of a launch.
//
// A small text file in the daemon's directory. Its first line names everything that a result depends on: the
// boot, the user and the context (namespaces, root directory, privileges). So a file of another boot, host,
// chroot or container is ignored, even if they share the directory. Namespace numbers are reused, and an
// administrator may change a setting: a remembered result may be wrong, and must never be the reason why a
// launch fails.
//
// Rejected: a file in $HOME, which other hosts mount; one for each host's name, which containers share.
// Rejected: remembering anything under a seccomp filter. Filters cannot be distinguished from inside.
#pragma once

#include "reloc/base/result.h"
#include "reloc/base/text.h"

namespace reloc {

enum class Probe { kUserns, kProot };
inline constexpr size_t kProbeCount = 2;

enum class Verdict { kUnknown, kWorks, kFails };

inline constexpr const char* kProbesFile = "probes";

// In both functions `daemon_dir` comes from OpenDaemonDir() (O_PATH is enough), or is -1.

// Returns kUnknown also if the file is damaged, belongs to another user, or to another context.
Verdict FindVerdict(int daemon_dir, Probe probe);

// Replaces the file as a whole, and keeps the results of the other probes. kUnknown forgets. Never makes the
// directory. Errors: EBADF (no directory), EPERM (it is another user's), EOPNOTSUPP (a seccomp filter), EBUSY
// (another process does the same), or those of the file system; none of them matters to a launch.
Errno RememberVerdict(int daemon_dir, Probe probe, Verdict verdict);

}  // namespace reloc
