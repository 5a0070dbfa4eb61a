// Whether anything still runs from a mirror.
#pragma once

#include <string>

#include "daemon/proc/stall_guard.h"
#include "reloc/mirror/mirror.h"

namespace reloc {

// True if a process uses the mirror, as far as that can be seen: one of a job that the journal in
// `daemon_dir` knows, also one that the job left behind, or one that has a file of the mirror mapped or works
// in it (from launches that no daemon knew of). Also true if one of the user's processes is stuck and cannot
// be looked at. Waits, as long as `guard` lets it.
bool HasUsers(const Mirror& mirror, const std::string& daemon_dir, StallGuard* guard);

}  // namespace reloc
