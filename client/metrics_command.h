// `relocctl metrics`: what the daemon counts, for Prometheus.
#pragma once

#include <CLI/App.hpp>

namespace reloc {

// As AddPsCommand.
void AddMetricsCommand(CLI::App& app, int* exit_status);

}  // namespace reloc
