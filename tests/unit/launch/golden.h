// Golden files fix the wire and plan formats: hex text, 32 bytes a line. A test that finds different bytes prints
// them; put them into the file only together with a new format version.
#pragma once

#include <stdio.h>

#include <fstream>
#include <sstream>
#include <string>
#include <string_view>

namespace reloc {

inline std::string HexLines(std::string_view bytes) {
  std::string text;
  char digits[3];
  for (size_t i = 0; i < bytes.size(); ++i) {
    snprintf(digits, sizeof digits, "%02x", static_cast<unsigned char>(bytes[i]));
    text += digits;
    if (i % 32 == 31 || i + 1 == bytes.size()) text += '\n';
  }
  return text;
}

inline std::string ReadGolden(const std::string& name) {
  std::ifstream file(std::string(GOLDEN_DIR) + "/" + name);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

}  // namespace reloc
