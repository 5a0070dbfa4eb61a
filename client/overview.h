// `relocctl --help`: all commands, by what they are for.
#pragma once

#include <CLI/App.hpp>

namespace reloc {

// To be called when all commands were added.
void AddOverview(CLI::App& app);

}  // namespace reloc
