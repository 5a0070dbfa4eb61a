// What `relocctl doctor` looks at, by topic. Each looks for itself and changes nothing; none of them fails.
#pragma once

#include <string>

#include "client/host/doctor/finding.h"

namespace reloc {

// The installation that relocctl belongs to: shim, modules, relocd, and whether $PATH leads there.
Findings CheckInstallation();
// Whether the engines work. Call it while the process is single-threaded.
Findings CheckEngines();
// The daemon's directory, and the directories and variables that it is chosen by.
Findings CheckDirectories();
// The daemon: whether it runs, answers, is of this version and stands where we stand. Starts gRPC's threads.
Findings CheckDaemon();
// The directory in which mirrors of packs are kept, or would be. `error`: why the daemon can make none; may
// be empty.
Finding CheckMirrors(const std::string& directory, const std::string& error);
// The kernel, its limits, and what the host may do to our processes and files.
Findings CheckHost();

}  // namespace reloc
