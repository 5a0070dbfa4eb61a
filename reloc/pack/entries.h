// Choosing the programs that a pack offers.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "reloc/pack/program.h"
#include "reloc/pack/store.h"

namespace reloc {

// An entry as asked for.
struct EntrySpec {
  std::string name;
  std::string path;  // absolute, or relative to the first of the paths that the pack is made of
};

// An entry as found.
struct PackEntry {
  std::string name;
  std::string program;  // store path, not resolved
  ProgramSpec spec;
};

// The entries of a pack that is made of `paths` (absolute: in the store, on the host leading into it, or a
// directory with a bin/ of links into it): every program in their bin/ and sbin/, or the path itself if it is
// a file; then `specs`, which add to those or replace the one of the same name. Of two programs with one name
// the first counts, as in PATH.
//
// What lies in a bin/ and cannot be started, or is no program, is left out with a line in `*warnings`; an
// entry that was asked for by name is an error then. Sorted by name.
absl::StatusOr<std::vector<PackEntry>> FindEntries(const StoreLocation& store,
                                                   const std::vector<std::string>& paths,
                                                   const std::vector<EntrySpec>& specs,
                                                   std::vector<std::string>* warnings);

}  // namespace reloc
