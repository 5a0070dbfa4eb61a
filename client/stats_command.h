// `relocctl stats`: what jobs use, over and over.
#pragma once

#include <CLI/App.hpp>

namespace reloc {

// See ps_command.h. Ends by itself with --no-stream, or when none of the jobs it was asked for runs any more.
void AddStatsCommand(CLI::App& app, int* exit_status);

}  // namespace reloc
