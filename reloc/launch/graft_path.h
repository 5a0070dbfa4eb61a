// The path that is written into a grafted mirror in place of the store prefix, and has the same length.
//
// It is a symlink to the mirror's store, in a directory that belongs to the user alone: in the mirrors' cache
// or, if the prefix is too short for that, in /tmp. The owner of the name decides what runs under it, so
// every launch checks the owner. The name of a graft is kept when the graft is removed: scripts and caches
// that were copied out of the mirror still contain it.
#pragma once

#include <stddef.h>

#include "reloc/base/text.h"

namespace reloc {

// "/tmp/XX/YY": as long as /gnu/store and /nix/store.
inline constexpr size_t kMinGraftPath = 10;

// The failure if there is no grafted mirror.
inline constexpr const char* kNoGraftedMirror = "no grafted mirror of the pack is ready";
// An array, so that it has one address in the whole program.
inline constexpr char kGraftPathGone[] = "the graft path is gone:";

// Returns true if nobody else could replace what this user makes in `directory`: it is root's and sticky, or
// closed to others. In a user namespace without root, /tmp does not pass this test.
bool HoldsNames(const char* directory);

// Returns why graft paths in `directory` (clean and absolute) must not be used; nullptr if they may. It must
// be
//   - a directory of this user that nobody else can enter, or of root that nobody else can write to;
//   - no mount, and no symlink, in a directory that HoldsNames().
// Returns kGraftPathGone, by its address, if it does not exist. Sends no request to a file system mounted
// there.
const char* GraftDirectoryFault(const char* directory);

// Returns why `path` (clean and absolute) must not be used; nullptr if it may. It must be
//   - a symlink whose text ends with `store`: "/mirrors/<name><store prefix>";
//   - in a directory that passes GraftDirectoryFault();
//   - leading to a directory of this user, or of root, that nobody else can write to.
// The result is a constant text, to be followed by the path: "the graft path belongs to another user:".
const char* GraftPathFault(const char* path, string_view store);

}  // namespace reloc
