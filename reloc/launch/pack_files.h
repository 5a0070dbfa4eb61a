// Finds a pack from a program's path, and its fallback plans.
#pragma once

#include <span>

#include "reloc/base/path.h"
#include "reloc/base/result.h"
#include "reloc/base/text.h"

namespace reloc {

inline constexpr const char* kPackMetaDir = ".reloc";
inline constexpr const char* kPlansDir = ".reloc/plans";

// For users who run an entry that was copied elsewhere.
inline constexpr const char* kEntryHint = "this program works as <pack>/bin/NAME, beside <pack>/.reloc";

// Returns true if `directory` has `.reloc/plans`.
bool HoldsPlans(string_view directory);

// Finds the nearest directory above `program` (absolute, real) that has `.reloc/plans`. `*entry` becomes the
// rest of the path ("bin/sed"). Both point into `program`. Returns false if there is none.
bool FindPack(string_view program, string_view* pack_dir, string_view* entry);

// Reads the fallback plans of the entry `program` of a pack, and finds pack and entry as FindPack does: in
// one step if the entry is at the usual place, <pack>/bin/NAME. ENOENT: it has no plans; `*pack_dir` is empty
// if there is no pack either.
Result<size_t> ReadEntry(string_view program, std::span<char> memory, string_view* pack_dir,
                         string_view* entry);

// Reads the fallback plans of `entry` (see plan.h: one after the other) into `memory`; returns their size.
Result<size_t> ReadPlans(string_view pack_dir, string_view entry, std::span<char> memory);

// Finds the store prefix of the pack at `pack_dir` in the plans of its entries. In a directory that is no
// pack, takes the one of /gnu/store and /nix/store that exists there. Returns false if there is none.
bool FindStorePrefix(string_view pack_dir, PathText* prefix);

}  // namespace reloc
