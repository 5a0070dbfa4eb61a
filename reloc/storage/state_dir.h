// Finds the directory for what must outlive a boot: the history of jobs, their output, relocd's log.
#pragma once

#include <string>

#include "absl/status/statusor.h"

namespace reloc {

// Returns $XDG_STATE_HOME or ~/.local/state. The XDG base directory specification says to ignore relative
// paths in them. Empty if there is neither. Does not access the file system.
std::string StateHome();

// Returns $XDG_STATE_HOME/relocd or ~/.local/state/relocd, created (mode 0700) if needed. If that cannot be
// written, returns `daemon_dir`, which lasts until the next boot. PermissionDenied, with what to do, if it is
// another user's: root may have that user's $HOME.
absl::StatusOr<std::string> StateDir(const std::string& daemon_dir);

// Returns the directory where launchers keep the output of jobs; see output_log.h, which creates it.
absl::StatusOr<std::string> OutputDir(const std::string& daemon_dir);

}  // namespace reloc
