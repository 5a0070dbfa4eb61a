// Finds names of the store that a compiler split into operands, as it does with short texts that are copied
// or compared: Nix and Guix know them as references that grafts miss.
#pragma once

#include <string_view>

namespace reloc {

// Returns true if the ELF file `image` has, without the rest after it, the first 8 bytes of `prefix` in an
// executable segment, or the first 16 as a vector constant. Returns false for other or damaged files.
bool HasSplitPrefix(std::string_view prefix, std::string_view image);

}  // namespace reloc
