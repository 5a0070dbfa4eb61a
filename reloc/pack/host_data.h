// Data files and directories that a program needs, as one more item.
//
// Programs such as python3 look for their library relative to themselves (../lib/python3.11). So what lies
// below the program's own tree, or else below /usr, or else below /, keeps its relative place:
// /usr/lib/python3.11 is <program's item>/lib/python3.11, a symlink into the one item that holds all data.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "reloc/pack/host_item.h"
#include "reloc/pack/host_libraries.h"

namespace reloc {

// Finds the host paths `wanted` and their places. `trees` are the programs' own ones: /usr of
// /usr/bin/python3. Paths below others of them are left out; two that would take the same place are an error.
absl::StatusOr<AddedData> LocateAddedData(const std::vector<std::string>& wanted,
                                          const std::vector<std::string>& trees);

// Plans the item, sets `added->item`, and imports what ELF files inside of it load. `loaders` are those of
// the programs, which are asked about plugins, since these name none. Symlinks that stay inside are kept,
// those that leave it become copies of the file; what cannot be had or looked through is left out, or as it
// is, with a warning.
absl::Status PlanAddedData(AddedData* added, std::vector<std::string> loaders, SourceFiles* sources,
                           const ItemNames& names, HostPlan* plan);

// The symlinks to the data that each program's item has.
std::vector<HostFile> LinksToAddedData(const AddedData& added);

}  // namespace reloc
