// `relocctl mirrors ls|add|prune|verify`: node-local copies of packs' stores.
#pragma once

#include <CLI/App.hpp>

namespace reloc {

void AddMirrorsCommand(CLI::App& app, int* exit_status);

}  // namespace reloc
