// Names of the store that a compiler cut into operands, as it does with short texts that are copied or
// compared: Nix and Guix know them as references that grafts miss.
#pragma once

#include <string_view>

namespace reloc {

// True if the ELF file `image` has, without the rest behind it, the first 8 bytes of `prefix` in what is
// executed, or the first 16 where a vector constant lies. False for whatever is no ELF file, or a damaged
// one.
bool HasSplitPrefix(std::string_view prefix, std::string_view image);

}  // namespace reloc
