// `relocctl events`: what happens, as it happens.
#pragma once

#include <CLI/App.hpp>

namespace reloc {

// Adds the subcommand; see ps_command.h.
void AddEventsCommand(CLI::App& app, int* exit_status);

}  // namespace reloc
