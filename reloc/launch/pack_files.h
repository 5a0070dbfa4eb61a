// Finds a pack from a program's path, and its fallback plans.
//
// Plans are in files of the pack, and in the file of the shim that a pack's entries are hard links to, which carries
// those of all entries.
//
// They are a read-only segment of that ELF file, so that a launch finds them in its memory: on a network file
// system the plans need no lookup, open or read of their own. And the plan of an entry is never older than
// the entry itself.
//
//   "RLSP", count; count times {name, name_size, plans, plans_size}, sorted by name; then the bytes
//
// Numbers are u32, little-endian; `name` ("bin/sed") and `plans` (see plan.h) are offsets from the beginning.
#pragma once

#include <stdint.h>

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

inline constexpr char kCarriedMagic[4] = {'R', 'L', 'S', 'P'};
// The address at which the segment is mapped, above everything that a shim has.
inline constexpr uint64_t kCarriedAddress = 0x10000000;
// The note (elf.h) whose program header is turned into that of the segment when a pack is made.
inline constexpr const char* kCarriedNote = "relocd";

struct CarriedEntry {
  uint32_t name, name_size, plans, plans_size;
};

// Returns the plans of `entry` in `segment`; empty if there are none, or the segment is damaged.
std::span<const char> FindCarriedPlans(std::span<const char> segment, string_view entry);

}  // namespace reloc
