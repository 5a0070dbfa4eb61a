// Makes packs.
//
// A pack is built in a temporary directory beside its output and renamed when it is complete and checked:
//
//   1. find the roots and the entries in the source store
//   2. scan for the closure; every reference must exist
//   3. copy it (or, for the host's programs, create it)
//   4. hash the result, compile fallback plans, write .reloc/ and bin/     FurnishPack
//   5. write the archive, if the output is one, and rename
//
// Three passes over the data instead of one that scans, hashes and copies at once: the second and third find
// it in the page cache, and the hashes are those of what was really written.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "reloc/pack/entries.h"
#include "reloc/pack/furnish.h"
#include "reloc/pack/host_import.h"
#include "reloc/pack/store.h"

namespace reloc {

struct StoreSource {
  StoreLocation store;
  // Items, files in them, or symlinks that lead to them (profiles); in the store, or host paths.
  std::vector<std::string> paths;
  std::vector<EntrySpec> entries;  // in addition to, or instead of, the programs in bin/ and sbin/ of `paths`
  bool allow_missing = false;      // references to items that the store lacks become warnings
};

// Makes the pack or, by its suffix, the archive `output` (see archive.h), which must not exist. On any error,
// and if `progress` returns false, nothing is left behind.
absl::StatusOr<PackSummary> CreatePackFromStore(const StoreSource& source, const std::string& output,
                                                const PackTools& tools);

// Does the same for programs of the host (host_import.h); chooses options.store_dir itself. `entries` as
// above.
absl::StatusOr<PackSummary> CreatePackFromHost(HostImportOptions options,
                                               const std::vector<EntrySpec>& entries,
                                               const std::string& output, const PackTools& tools);

}  // namespace reloc
