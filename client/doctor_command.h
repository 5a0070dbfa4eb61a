// relocctl doctor: everything that could be wrong on this host, each with its cure.
#pragma once

#include <CLI/App.hpp>

namespace reloc {

void AddDoctorCommand(CLI::App& app, int* exit_status);

}  // namespace reloc
