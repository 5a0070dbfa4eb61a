// Makes a pack of an unpacked `guix pack` or Nix tarball.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "reloc/pack/entries.h"
#include "reloc/pack/furnish.h"

namespace reloc {

struct AdoptOptions {
  std::string directory;  // contains the store, at its prefix
  std::string prefix;     // empty: /gnu/store or /nix/store, whichever is in `directory`
  std::vector<EntrySpec> entries;
};

// Adds .reloc/ and bin/ to the directory, in place. Default entries: the programs in its bin/ and sbin/, or,
// without these, those of all items that no other item refers to (usually the profile).
//
// Absolute symlinks into the store become relative (relink.h). An existing bin/ is replaced if it is a
// symlink or a tree that contains only symlinks (`guix pack -S /bin=bin`); otherwise it is an error. On any
// error the directory is unchanged. References to items that do not exist are warnings here: the directory
// worked no better before.
absl::StatusOr<PackSummary> AdoptPack(const AdoptOptions& options, const PackTools& tools);

}  // namespace reloc
