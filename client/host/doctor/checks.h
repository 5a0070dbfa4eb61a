// The checks of `relocctl doctor`, by topic. Each is independent and changes nothing; none of them fails.
#pragma once

#include <string>

#include "client/host/doctor/finding.h"

namespace reloc {

// Checks the installation that relocctl belongs to: shim, modules, relocd, and whether $PATH leads there.
Findings CheckInstallation();
// Checks whether the engines work. Call it while the process is single-threaded.
Findings CheckEngines();
// Checks the daemon's directory, and the directories and variables that determine it.
Findings CheckDirectories();
// Checks the daemon: whether it runs, answers, and has this version and our namespaces. Starts gRPC's
// threads.
Findings CheckDaemon();
// Checks the directory for mirrors of packs, whether it exists or not. `error`: why the daemon can make none;
// may be empty.
Finding CheckMirrors(const std::string& directory, const std::string& error);
// Checks the kernel, its limits, and what the host may do to our processes and files.
Findings CheckHost();

}  // namespace reloc
