// Making a pack of what is already unpacked: a `guix pack` or Nix tarball.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "reloc/pack/entries.h"
#include "reloc/pack/furnish.h"

namespace reloc {

struct AdoptOptions {
  std::string directory;  // holds the store, at its prefix
  std::string prefix;     // empty: /gnu/store or /nix/store, whichever lies in `directory`
  std::vector<EntrySpec> entries;
};

// Adds .reloc/ and bin/ to the directory, in place. Default entries: the programs in its bin/ and sbin/, else
// those of all items that no other item refers to (the profile, as a rule).
//
// Absolute symlinks into the store become relative (relink.h). A bin/ that is there is replaced if it is a
// symlink or a tree of nothing but symlinks (`guix pack -S /bin=bin`); else it is an error. On any error the
// directory is as it was. References to items that are not there are warnings here: the directory is no worse
// a pack than it was before.
absl::StatusOr<PackSummary> AdoptPack(const AdoptOptions& options, const PackTools& tools);

}  // namespace reloc
