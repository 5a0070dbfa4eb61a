// Mirrors for launches that are measured.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "bench/launching/daemon.h"
#include "bench/launching/workspace.h"

namespace reloc::bench {

// Makes a grafted mirror of the pack that has `entry`, in the workspace, and publishes it in the daemon's
// directory.
absl::Status PublishGraft(const Workspace& workspace, const Daemon& daemon, const std::string& entry);

}  // namespace reloc::bench
