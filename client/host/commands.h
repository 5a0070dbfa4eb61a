// The commands for relocd and this host.
//
// Each command runs from app.parse() and stores its exit status in `*exit_status`, which must outlive `app`:
// 0, or 1 after one line on stderr, unless stated otherwise.
#pragma once

#include <CLI/App.hpp>
#include <string>
#include <vector>

namespace reloc {

// Adds `relocctl daemon start|stop|restart|status`. `status` stores 3 if no daemon runs, as `systemctl
// status` does.
void AddDaemonCommand(CLI::App& app, int* exit_status);

// Adds `relocctl engines`: which engines work on this host, why the others do not, and how to fix that.
void AddEnginesCommand(CLI::App& app, int* exit_status);

// Adds `relocctl doctor`: everything that may be wrong on this host, each with a fix.
void AddDoctorCommand(CLI::App& app, int* exit_status);

// Adds `relocctl metrics`: what the daemon counts, for Prometheus.
void AddMetricsCommand(CLI::App& app, int* exit_status);

// Adds `relocctl completion bash|zsh|fish`.
void AddCompletionCommand(CLI::App& app, int* exit_status);

// Handles `relocctl __complete WORD...`, which the shells' scripts call: see completion/scripts.cc. Returns
// the exit status.
int PrintCompletion(const CLI::App& app, const std::vector<std::string>& words);

// Adds `relocctl version`.
void AddVersionCommand(CLI::App& app, int* exit_status);

}  // namespace reloc
