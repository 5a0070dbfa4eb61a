// `relocctl wait`: until jobs have ended, and how they did.
#pragma once

#include <CLI/App.hpp>

namespace reloc {

// See ps_command.h. Prints one number a job, in the order given: its exit status, or 128 and the signal that
// killed it; "unknown" if nobody could say. Exit status 1 for that, and for jobs that there are not; else 0.
void AddWaitCommand(CLI::App& app, int* exit_status);

}  // namespace reloc
