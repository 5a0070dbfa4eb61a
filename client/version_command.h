// `relocctl version`
#pragma once

#include <CLI/App.hpp>

namespace reloc {

// As AddPsCommand.
void AddVersionCommand(CLI::App& app, int* exit_status);

}  // namespace reloc
