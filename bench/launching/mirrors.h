// Makes mirrors for the launches that are measured.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "bench/launching/command.h"
#include "bench/launching/daemon.h"
#include "bench/launching/workspace.h"

namespace reloc::bench {

// Makes a grafted mirror of the pack that has `entry`, in the workspace, and publishes it in the daemon's
// directory. Returns the path that replaces the store prefix in it.
absl::StatusOr<std::string> PublishGraft(const Workspace& workspace, const Daemon& daemon,
                                         const std::string& entry);

// Returns `environment` with that path where it names files of the store of host programs.
Environment InGraft(Environment environment, const std::string& graft);

}  // namespace reloc::bench
