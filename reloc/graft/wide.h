// Text with several bytes to a character.
#pragma once

#include <cstddef>
#include <string_view>

namespace reloc {

// True if `bytes` hold `text`, which is of ASCII, in UTF-16 (`width` 2) or UTF-32 (4), of either byte order.
bool HoldsWide(std::string_view text, size_t width, std::string_view bytes);

}  // namespace reloc
