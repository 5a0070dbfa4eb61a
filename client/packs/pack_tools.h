// What the commands for packs share.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "reloc/pack/furnish.h"

namespace reloc {

// Finds the files of this installation that are copied into packs.
absl::StatusOr<PackRuntime> FindPackRuntime();

// Runs `make` with a progress bar in a child; see RunWatched() for `paths`, to which `what` is added. Prints
// its warnings to stderr and "<verb> <what>: …" to stdout. Returns an exit status; if a signal interrupted
// the work, ends the process by it.
int MakePack(const std::string& verb, const std::string& what, std::vector<std::string> paths,
             const std::function<absl::StatusOr<PackSummary>(const PackTools&)>& make);

// Splits "NAME=PATH".
absl::StatusOr<std::vector<EntrySpec>> ParseEntries(const std::vector<std::string>& texts);

}  // namespace reloc
