#include "client/packs/commands.h"
#include "client/packs/pack_create.h"
#include "client/packs/pack_inspect.h"

namespace reloc {

void AddPackCommands(CLI::App& app, int* exit_status) {
  CLI::App* pack = app.add_subcommand("pack", "Make and check packs");
  pack->require_subcommand(1);
  AddPackCreate(*pack, exit_status);
  AddPackAdopt(*pack, exit_status);
  AddPackInspect(*pack, exit_status);
  AddPackVerify(*pack, exit_status);
}

}  // namespace reloc
