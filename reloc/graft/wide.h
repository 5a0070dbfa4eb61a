// Searches for text with several bytes to a character.
#pragma once

#include <cstddef>
#include <string_view>

namespace reloc {

// Returns true if `bytes` contain `text`, which must be ASCII, in UTF-16 (`width` 2) or UTF-32 (4), in either
// byte order.
bool HoldsWide(std::string_view text, size_t width, std::string_view bytes);

}  // namespace reloc
