// Small things about text.
#pragma once

#include <string>
#include <string_view>

#include "absl/strings/string_view.h"
#include "reloc/base/one_line.h"

namespace reloc {

// For handing a std::string_view to Abseil's functions: Abseil as Debian builds it has a string_view of its
// own, which no std::string_view converts to. std::string needs no help.
inline absl::string_view Text(std::string_view text) { return {text.data(), text.size()}; }

// `text` as it can be shown on a terminal or in a log: see reloc/base/one_line.h.
std::string Shown(absl::string_view text, LineStyle style);
// The same in one line: file names and manifests come from anywhere, and neither a second line nor an escape
// sequence may get through a message.
inline std::string OneLine(absl::string_view text) { return Shown(text, LineStyle::kOneLine); }

}  // namespace reloc
