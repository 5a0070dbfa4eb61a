// The commands that start programs, and reattach to them.
//
// Each command runs from app.parse() and stores its exit status in `*exit_status`, which must outlive `app`:
// 0, or 1 after one line on stderr, unless stated otherwise.
#pragma once

#include <CLI/App.hpp>

namespace reloc {

// Adds `relocctl run` for descriptions only; parsing it does nothing, because RunCommand() has run before.
void AddRunCommand(CLI::App& app);

// Adds `relocctl attach JOB`. The exit status is the job's, or 0 if it was left running.
void AddAttachCommand(CLI::App& app, int* exit_status);

}  // namespace reloc
