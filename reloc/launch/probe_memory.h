// What probes found out about this host since it booted: an engine that is known to fail need not be tried,
// at the price of a launch, again and again.
//
// A small text file in the daemon's directory. Its first line names everything that an answer depends on: the
// boot, the user and the place (namespaces, root directory, privileges). A file of another boot, host, chroot
// or container says nothing here, whoever shares the directory. Namespace numbers are used again, and an
// administrator may change a switch: what is remembered may be wrong, and must never be the reason why a
// launch fails.
//
// Rejected: a file in $HOME, which other hosts mount; one for each host's name, which containers share.
// Rejected: to remember anything under a seccomp filter. Filters cannot be told apart from inside.
#pragma once

#include "reloc/base/result.h"
#include "reloc/base/text.h"

namespace reloc {

enum class Probe { kUserns, kProot };
inline constexpr size_t kProbeCount = 2;

enum class Verdict { kUnknown, kWorks, kFails };

inline constexpr const char* kProbesFile = "probes";

// All: `daemon_dir` is open as by OpenDaemonDir() (O_PATH will do), or -1.

// kUnknown also where the file is damaged, another's, or of another place.
Verdict FindVerdict(int daemon_dir, Probe probe);

// Replaces the file as a whole; what it knew of the other probes is kept. kUnknown forgets. Never makes the
// directory. Errors: EBADF (no directory), EPERM (it is another user's), EOPNOTSUPP (a seccomp filter), EBUSY
// (another process does the same), or what the file system says; none of them matters to a launch.
Errno RememberVerdict(int daemon_dir, Probe probe, Verdict verdict);

}  // namespace reloc
