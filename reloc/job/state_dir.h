// Where relocd keeps what is to last: the history of jobs, their output, its log.
#pragma once

#include <string>

namespace reloc {

// $XDG_STATE_HOME, else ~/.local/state: variables of the XDG base directory specification, which has relative
// paths in them ignored. Empty if there is neither. Asks the file system nothing.
std::string StateHome();

// $XDG_STATE_HOME/relocd, else ~/.local/state/relocd, made (mode 0700) if need be. Where that cannot be
// written, `daemon_dir`, which lasts until the next boot.
std::string StateDir(const std::string& daemon_dir);

// Where launchers keep the output of jobs; see output_log.h, which makes it.
std::string OutputDir(const std::string& daemon_dir);

}  // namespace reloc
