// `relocctl --help`: all commands, by purpose.
#pragma once

#include <CLI/App.hpp>

namespace reloc {

// Call it when all commands were added.
void AddOverview(CLI::App& app);

}  // namespace reloc
