// Abseil as Debian builds it has a string_view of its own, which no std::string_view converts to.
#pragma once

#include <string_view>

#include "absl/strings/string_view.h"

namespace reloc {

// For handing a std::string_view to Abseil's functions. std::string needs no help.
inline absl::string_view Text(std::string_view text) { return {text.data(), text.size()}; }

}  // namespace reloc
