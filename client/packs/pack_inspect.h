// `relocctl pack inspect` and `relocctl pack verify`.
#pragma once

#include <CLI/App.hpp>

namespace reloc {

void AddPackInspect(CLI::App& pack, int* exit_status);
void AddPackVerify(CLI::App& pack, int* exit_status);

}  // namespace reloc
