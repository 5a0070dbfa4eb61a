// `relocctl kill`: sends a signal to all processes of jobs.
#pragma once

#include <CLI/App.hpp>

namespace reloc {

// See ps_command.h. Exit status 1 if one of the jobs could not be signalled; the others were.
void AddKillCommand(CLI::App& app, int* exit_status);

}  // namespace reloc
