// The commands that show jobs and their output.
//
// Each command runs from app.parse() and stores its exit status in `*exit_status`, which must outlive `app`:
// 0, or 1 after one line on stderr, unless stated otherwise.
#pragma once

#include <CLI/App.hpp>

namespace reloc {

// Adds `relocctl ps`: running jobs.
void AddPsCommand(CLI::App& app, int* exit_status);

// Adds `relocctl top`: jobs and their processes on the whole terminal, refreshed.
void AddTopCommand(CLI::App& app, int* exit_status);

// Adds `relocctl stats`: the resource usage of jobs, repeatedly. It ends with --no-stream, or when none of
// its jobs runs any more.
void AddStatsCommand(CLI::App& app, int* exit_status);

// Adds `relocctl inspect`: everything known about jobs, as a JSON array. Exit status 1, and nothing on
// stdout, if one of the jobs does not exist.
void AddInspectCommand(CLI::App& app, int* exit_status);

// Adds `relocctl logs`: the output of a job that was started without a terminal.
void AddLogsCommand(CLI::App& app, int* exit_status);

// Adds `relocctl events`: what happens, as it happens.
void AddEventsCommand(CLI::App& app, int* exit_status);

// Adds `relocctl history`: the jobs that ended.
void AddHistoryCommand(CLI::App& app, int* exit_status);

}  // namespace reloc
