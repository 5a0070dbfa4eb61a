// Where relocd keeps what is to last: the history of jobs, their output, its log.
#pragma once

#include <string>

#include "absl/status/statusor.h"

namespace reloc {

// $XDG_STATE_HOME, else ~/.local/state: variables of the XDG base directory specification, which has relative
// paths in them ignored. Empty if there is neither. Asks the file system nothing.
std::string StateHome();

// $XDG_STATE_HOME/relocd, else ~/.local/state/relocd, made (mode 0700) if need be. Where that cannot be
// written, `daemon_dir`, which lasts until the next boot. PermissionDenied, with what to do, if it is another
// user's: root may have that user's $HOME.
absl::StatusOr<std::string> StateDir(const std::string& daemon_dir);

// Where launchers keep the output of jobs; see output_log.h, which makes it.
absl::StatusOr<std::string> OutputDir(const std::string& daemon_dir);

}  // namespace reloc
