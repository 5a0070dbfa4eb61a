// `relocctl attach JOB`: back to a job that was started with --detach or --supervised.
#pragma once

#include <CLI/App.hpp>

namespace reloc {

// As AddPsCommand; the exit status is the job's, or 0 when it was left running.
void AddAttachCommand(CLI::App& app, int* exit_status);

}  // namespace reloc
