// `relocctl roots ls`: the roots that the daemon keeps ready.
#pragma once

#include <CLI/App.hpp>

namespace reloc {

// As AddPsCommand.
void AddRootsCommand(CLI::App& app, int* exit_status);

}  // namespace reloc
