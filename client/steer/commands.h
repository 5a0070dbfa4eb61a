// The commands that act on running jobs.
//
// Each command runs from app.parse() and stores its exit status in `*exit_status`, which must outlive `app`:
// 0, or 1 after one line on stderr, unless stated otherwise.
#pragma once

#include <CLI/App.hpp>

namespace reloc {

// Adds `relocctl kill`: sends a signal to all processes of jobs. Exit status 1 if one of the jobs could not be
// signalled; the others were.
void AddKillCommand(CLI::App& app, int* exit_status);

// Adds `relocctl wait`: waits until jobs have ended, and prints one number for each job, in the given order:
// its exit status, or 128 and the signal that killed it; "unknown" if that could not be determined. Exit
// status 1 for that, and for jobs that do not exist.
void AddWaitCommand(CLI::App& app, int* exit_status);

}  // namespace reloc
