// The path that was written into a grafted mirror in place of the store prefix, hence as long as that.
//
// It is a symlink to the mirror's store, in the mirrors' cache or, for a prefix that is too short for that,
// in a directory such as /tmp, where everybody can make names. Whoever holds the name decides what runs under
// it, so every launch looks who does.
#pragma once

#include <stddef.h>

#include "reloc/base/text.h"

namespace reloc {

// "/tmp/" and as many characters that others cannot guess all of: those of /gnu/store and /nix/store.
inline constexpr size_t kMinGraftPath = 10;

// What lacks where there is none.
inline constexpr const char* kNoGraftedMirror = "no grafted mirror of the pack is ready";

// True if nobody else could replace what this user makes in `directory`: it is root's and sticky, or closed
// to others. In a user namespace without root /tmp is not known to be.
bool HoldsNames(const char* directory);

// Why `path` (clean and absolute) is not to be used; nullptr: it is what it should be, namely
//   - a symlink that this user made, or root, whose text ends with `store`: "/mirrors/<name><store prefix>";
//   - in a directory where nobody else could replace it: root's and sticky, or closed to others;
//   - leading to a directory of this user's, or root's, that nobody else can write.
// A constant text, to be followed by the path: "the graft path belongs to another user:".
const char* GraftPathFault(const char* path, string_view store);

}  // namespace reloc
