// `relocctl daemon start|stop|restart|status`
#pragma once

#include <CLI/App.hpp>

namespace reloc {

// As AddPsCommand; `status` leaves 3 when no daemon runs, as `systemctl status` does.
void AddDaemonCommand(CLI::App& app, int* exit_status);

}  // namespace reloc
