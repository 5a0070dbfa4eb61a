#include "client/base/report.h"
#include "client/host/commands.h"

namespace reloc {
namespace {

constexpr char kVersion[] = "relocctl " RELOC_VERSION;

}  // namespace

void AddVersionCommand(CLI::App& app, int* exit_status) {
  CLI::App* version = app.add_subcommand("version", "Print the version of relocctl");
  version->callback([exit_status] {
    PrintOut(std::string(kVersion) + "\n");
    *exit_status = FinishOutput(0);
  });
  version->footer("Examples:\n  relocctl version");
  app.set_version_flag("--version", kVersion, "Print the version");
}

}  // namespace reloc
