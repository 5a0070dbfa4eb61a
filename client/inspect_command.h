// `relocctl inspect`: all that is known of jobs, as JSON.
#pragma once

#include <CLI/App.hpp>

namespace reloc {

// See ps_command.h. Prints an array, also of one. Exit status 1 if one of the jobs is not there; then there
// is nothing on stdout.
void AddInspectCommand(CLI::App& app, int* exit_status);

}  // namespace reloc
