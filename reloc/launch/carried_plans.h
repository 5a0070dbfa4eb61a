// Finds plans in the file of the shim that a pack's entries are hard links to: it carries those of all
// entries.
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

#include "reloc/base/text.h"

namespace reloc {

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
