// `relocctl top`: jobs and their processes on the whole terminal, refreshed, to be sorted, searched and
// ended.
#pragma once

#include <CLI/App.hpp>

namespace reloc {

// See ps_command.h.
void AddTopCommand(CLI::App& app, int* exit_status);

}  // namespace reloc
