#include "client/version_command.h"

#include "client/report.h"

namespace reloc {

void AddVersionCommand(CLI::App& app, int* exit_status) {
  CLI::App* version = app.add_subcommand("version", "Print the version of relocctl");
  version->callback([exit_status] {
    PrintOut("relocctl " RELOC_VERSION "\n");
    *exit_status = ExitStatus(FlushOut());
  });
}

}  // namespace reloc
