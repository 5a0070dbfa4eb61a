// `relocctl ps`: what runs.
#pragma once

#include <CLI/App.hpp>

namespace reloc {

// Adds the subcommand. It runs from app.parse() and leaves its exit status in `*exit_status`, which must
// outlive `app`: 0, or 1 with one line on stderr.
void AddPsCommand(CLI::App& app, int* exit_status);

}  // namespace reloc
