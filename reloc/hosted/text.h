// Small functions for text.
#pragma once

#include <string>
#include <string_view>

#include "absl/strings/string_view.h"
#include "reloc/base/one_line.h"

namespace reloc {

// Converts a std::string_view for Abseil's functions: Debian's Abseil has its own string_view, to which no
// std::string_view converts. std::string needs no help.
inline absl::string_view Text(std::string_view text) { return {text.data(), text.size()}; }

// Returns `text` as it can be shown on a terminal or in a log: see reloc/base/one_line.h.
std::string Shown(absl::string_view text, LineStyle style);
// Does the same in one line: file names and manifests may contain anything, and neither a second line nor an
// escape sequence may pass through a message.
inline std::string OneLine(absl::string_view text) { return Shown(text, LineStyle::kOneLine); }

}  // namespace reloc
