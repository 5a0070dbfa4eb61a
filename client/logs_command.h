// `relocctl logs`: what a job wrote that has no terminal to write to.
#pragma once

#include <CLI/App.hpp>

namespace reloc {

// As AddPsCommand.
void AddLogsCommand(CLI::App& app, int* exit_status);

}  // namespace reloc
