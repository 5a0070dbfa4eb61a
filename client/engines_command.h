// `relocctl engines`: which engines work on this host, why not the others, and what would cure it.
#pragma once

#include <CLI/App.hpp>

namespace reloc {

// As AddPsCommand.
void AddEnginesCommand(CLI::App& app, int* exit_status);

}  // namespace reloc
