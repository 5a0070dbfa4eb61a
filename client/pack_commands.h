// `relocctl pack create|adopt|inspect|verify`.
#pragma once

#include <CLI/App.hpp>

namespace reloc {

// Adds the subcommand `pack` to `app`. When it was chosen it runs from app.parse(), and leaves its exit
// status in `*exit_status`, which must outlive `app`: 0, or 1 with one line on stderr, or for `verify` 1 if
// files differ.
void AddPackCommands(CLI::App& app, int* exit_status);

}  // namespace reloc
