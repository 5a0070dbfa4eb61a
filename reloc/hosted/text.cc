#include "reloc/hosted/text.h"

namespace reloc {

std::string Shown(absl::string_view text, LineStyle style) {
  std::string shown;
  shown.reserve(text.size());
  char memory[kMaxEscape];
  for (std::string_view rest(text.data(), text.size()); !rest.empty();) {
    shown += TakeShown(&rest, style, memory);
  }
  return shown;
}

}  // namespace reloc
