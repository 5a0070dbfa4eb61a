// Chooses the programs that a pack offers.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "reloc/pack/program.h"
#include "reloc/pack/store.h"

namespace reloc {

// An entry as requested.
struct EntrySpec {
  std::string name;
  std::string path;  // absolute, or relative to the first of the pack's source paths
};

// An entry as found.
struct PackEntry {
  std::string name;
  std::string program;  // store path, not resolved
  ProgramSpec spec;
};

// Finds the entries of a pack that is made from `paths` (absolute: in the store, on the host leading into it,
// or a directory with a bin/ of links into it): every program in their bin/ and sbin/, or the path itself if
// it is a file; then `specs`, which add to those or replace the one of the same name. Of two programs with
// one name the first counts, as in PATH.
//
// Files in a bin/ that cannot be started, or are no programs, are left out with a line in `*warnings`; for an
// entry that was requested by name, that is an error. Sorted by name.
absl::StatusOr<std::vector<PackEntry>> FindEntries(const StoreLocation& store,
                                                   const std::vector<std::string>& paths,
                                                   const std::vector<EntrySpec>& specs,
                                                   std::vector<std::string>* warnings);

}  // namespace reloc
