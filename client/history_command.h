// `relocctl history`: the jobs that ended.
#pragma once

#include <CLI/App.hpp>

namespace reloc {

// Adds the subcommand; see ps_command.h.
void AddHistoryCommand(CLI::App& app, int* exit_status);

}  // namespace reloc
