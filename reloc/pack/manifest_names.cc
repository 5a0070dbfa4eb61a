#include "reloc/pack/manifest_names.h"

#include <algorithm>

#include "reloc/base/path.h"
#include "reloc/hosted/text.h"

namespace reloc {
namespace {

bool IsHex(char c) { return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'F'); }
int HexValue(char c) { return c <= '9' ? c - '0' : c - 'A' + 10; }

void AppendEscaped(unsigned char byte, std::string* out) {
  constexpr char kHex[] = "0123456789ABCDEF";
  *out += {'%', kHex[byte >> 4], kHex[byte & 15]};
}

}  // namespace

std::string EscapeName(std::string_view name) {
  std::string out;
  while (!name.empty()) {
    size_t length = name[0] == '%' ? 0 : Utf8Length(name);
    if (length == 0) {
      AppendEscaped(static_cast<unsigned char>(name[0]), &out);
    } else {
      out += name.substr(0, length);
    }
    name.remove_prefix(std::max<size_t>(length, 1));
  }
  return out;
}

absl::StatusOr<std::string> UnescapeName(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
    } else if (i + 2 < text.size() && IsHex(text[i + 1]) && IsHex(text[i + 2])) {
      out += static_cast<char>(HexValue(text[i + 1]) * 16 + HexValue(text[i + 2]));
      i += 2;
    } else {
      return absl::InvalidArgumentError("a % that is not followed by two hexadecimal digits");
    }
  }
  // A name has only one spelling: otherwise %2E%2E would be a way to write "..".
  if (EscapeName(out) != text) return absl::InvalidArgumentError("an escape that is not needed");
  return out;
}

bool IsPlainText(std::string_view text) { return OneLine(Text(text)) == text && EscapeName(text) == text; }

bool IsEntryName(std::string_view name) {
  return name.size() <= 255 && IsCleanRelative(name) && name.find('/') == name.npos && IsPlainText(name);
}

}  // namespace reloc
