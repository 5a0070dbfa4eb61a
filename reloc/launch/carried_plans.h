// The plans of all entries of a pack, in the file of the shim that they are hard links to.
//
// They are a read-only segment of that ELF file, so that a launch finds them in its memory: on a network file
// system the plans cost no look for a file, no open and no read of their own. And what an entry executes is
// never older than the entry itself.
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
// Where the segment is mapped: above all that a shim has.
inline constexpr uint64_t kCarriedAddress = 0x10000000;
// The note (elf.h) whose program header becomes that of the segment when a pack is made.
inline constexpr const char* kCarriedNote = "relocd";

struct CarriedEntry {
  uint32_t name, name_size, plans, plans_size;
};

// The plans of `entry` in `segment`; empty if there are none, or it is damaged.
std::span<const char> FindCarriedPlans(std::span<const char> segment, string_view entry);

}  // namespace reloc
