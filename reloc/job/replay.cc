#include "reloc/job/replay.h"

namespace reloc {

void Replay::Append(std::string_view bytes) {
  modes_.See(bytes);
  bytes_ += bytes;
  if (bytes_.size() <= 2 * kSize) return;
  bytes_.erase(0, bytes_.size() - kSize);
  cut_ = true;
}

std::string Replay::Text() const {
  if (!cut_ && bytes_.size() <= kSize) return bytes_;
  std::string_view last = std::string_view(bytes_).substr(bytes_.size() - kSize);
  size_t newline = last.find('\n');
  return std::string(newline == last.npos ? last : last.substr(newline + 1));
}

}  // namespace reloc
