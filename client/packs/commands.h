// The commands that make packs, and manage their mirrors and roots.
//
// Each command runs from app.parse() and stores its exit status in `*exit_status`, which must outlive `app`:
// 0, or 1 after one line on stderr, unless stated otherwise.
#pragma once

#include <CLI/App.hpp>

namespace reloc {

// Adds `relocctl pack create|adopt|inspect|verify`. Exit status 1 of `verify`: files differ.
void AddPackCommands(CLI::App& app, int* exit_status);

// Adds `relocctl mirrors ls|add|prune|verify`: copies of packs' stores on this host's own disk.
void AddMirrorsCommand(CLI::App& app, int* exit_status);

// Adds `relocctl roots ls|prune`: the roots that the daemon keeps ready.
void AddRootsCommand(CLI::App& app, int* exit_status);

}  // namespace reloc
