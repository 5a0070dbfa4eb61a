// Small things about text.
#pragma once

#include <string>
#include <string_view>

#include "absl/strings/string_view.h"

namespace reloc {

// For handing a std::string_view to Abseil's functions: Abseil as Debian builds it has a string_view of its
// own, which no std::string_view converts to. std::string needs no help.
inline absl::string_view Text(std::string_view text) { return {text.data(), text.size()}; }

// `text` with '?' for each control character: file names and manifests come from anywhere, and neither a
// second line nor an escape sequence may reach a log or a terminal through a message.
inline std::string OneLine(absl::string_view text) {
  std::string line(text);
  for (char& c : line) {
    if (static_cast<unsigned char>(c) < ' ' || c == '\x7f') c = '?';
  }
  return line;
}

}  // namespace reloc
