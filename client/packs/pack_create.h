// `relocctl pack create` and `relocctl pack adopt`.
#pragma once

#include <CLI/App.hpp>

namespace reloc {

void AddPackCreate(CLI::App& pack, int* exit_status);
void AddPackAdopt(CLI::App& pack, int* exit_status);

}  // namespace reloc
