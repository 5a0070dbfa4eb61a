// The commands that start programs, and return to them.
//
// Each command runs from app.parse() and leaves its exit status in `*exit_status`, which must outlive `app`: 0, or 1
// after one line on stderr, if nothing else is said.
#pragma once

#include <CLI/App.hpp>

namespace reloc {

// Adds `relocctl run` as something to describe; it does nothing when it is parsed: RunCommand() has run before.
void AddRunCommand(CLI::App& app);

// Adds `relocctl attach JOB`. The exit status is the job's, or 0 if it was left running.
void AddAttachCommand(CLI::App& app, int* exit_status);

}  // namespace reloc
