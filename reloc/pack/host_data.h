// Imports data files and directories that a program needs, as one more item.
//
// Programs such as python3 find their library relative to themselves (../lib/python3.11). So what is below
// the program's own tree, or otherwise below /usr, or otherwise below /, keeps its relative place:
// /usr/lib/python3.11 is <program's item>/lib/python3.11, a symlink into the one item that contains all data.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "reloc/pack/host_item.h"
#include "reloc/pack/host_libraries.h"

namespace reloc {

// Finds the host paths `wanted` and their places. `trees` are those of the programs: /usr for
// /usr/bin/python3. Paths below others of `wanted` are left out; two for the same place are an error.
absl::StatusOr<AddedData> LocateAddedData(const std::vector<std::string>& wanted,
                                          const std::vector<std::string>& trees);

// Plans the item, sets `added->item`, and imports what ELF files in it load. `loaders` are those of the
// programs; they are asked about plugins, which name none. Symlinks that stay inside are kept, those that
// leave it become copies of the file. Files that cannot be read are left out, and those whose libraries
// cannot be found are kept unchanged, with a warning.
absl::Status PlanAddedData(AddedData* added, std::vector<std::string> loaders, SourceFiles* sources,
                           const ItemNames& names, HostPlan* plan);

// Returns the symlinks to the data that each program's item has.
std::vector<HostFile> LinksToAddedData(const AddedData& added);

}  // namespace reloc
