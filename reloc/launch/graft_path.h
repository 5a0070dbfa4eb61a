// The path that was written into a grafted mirror in place of the store prefix, hence as long as that.
//
// It is a symlink to the mirror's store, in a directory that belongs to the user alone: in the mirrors' cache
// or, for a prefix that is too short for that, in /tmp. Whoever holds the name decides what runs under it, so
// every launch looks who does. The name of a graft is kept when the graft goes: scripts and caches that were
// copied out of the mirror still contain it.
#pragma once

#include <stddef.h>

#include "reloc/base/text.h"

namespace reloc {

// "/tmp/XX/YY": as long as /gnu/store and /nix/store.
inline constexpr size_t kMinGraftPath = 10;

// What lacks where there is none.
inline constexpr const char* kNoGraftedMirror = "no grafted mirror of the pack is ready";
// An array, so that it has one address in the whole program.
inline constexpr char kGraftPathGone[] = "the graft path is gone:";

// True if nobody else could replace what this user makes in `directory`: it is root's and sticky, or closed
// to others. In a user namespace without root /tmp is not known to be.
bool HoldsNames(const char* directory);

// Why graft paths in `directory` (clean and absolute) are not to be used; nullptr: they may be. It must be
//   - a directory of this user's that nobody else can enter, or root's that nobody else can write;
//   - no mount, and no symlink, in a directory that HoldsNames().
// kGraftPathGone, by its address: it is not there. Asks no file system that is mounted there.
const char* GraftDirectoryFault(const char* directory);

// Why `path` (clean and absolute) is not to be used; nullptr: it is what it should be, namely
//   - a symlink whose text ends with `store`: "/mirrors/<name><store prefix>";
//   - in a directory that is as GraftDirectoryFault() wants it;
//   - leading to a directory of this user's, or root's, that nobody else can write.
// A constant text, to be followed by the path: "the graft path belongs to another user:".
const char* GraftPathFault(const char* path, string_view store);

}  // namespace reloc
