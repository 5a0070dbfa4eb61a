#include "image/listing.h"

#include <string.h>

#include <string_view>

namespace reloc::image {
namespace {

constexpr uint32_t kMaxUnderHeader = 256;

struct Fixed {
  uint16_t offset;
  int16_t number;  // beyond the header's
  uint16_t type;
  uint16_t name_size;  // less 1
};
static_assert(sizeof(Fixed) == 8);

bool IsName(std::string_view name) {
  return name != "." && name != ".." && name.find('/') == name.npos && name.find('\0') == name.npos;
}

}  // namespace

bool Listing::Read(Blocks* blocks, void* memory, size_t size) {
  if (size > size_ - offset_ || !blocks->ReadMetadata(&place_, memory, size)) return false;
  offset_ += size;
  return true;
}

bool Listing::ReadHeader(Blocks* blocks) {
  if (!Read(blocks, &header_, sizeof header_) || header_.count >= kMaxUnderHeader) return false;
  ++header_.count;  // the image stores one less
  return true;
}

bool Listing::ReadEntry(Blocks* blocks, Entry* entry) {
  Fixed fixed;
  if (!Read(blocks, &fixed, sizeof fixed) || fixed.name_size >= kMaxName) return false;
  const size_t size = size_t{fixed.name_size} + 1;
  if (!Read(blocks, entry->name, size) || !IsName({entry->name, size})) return false;
  entry->name[size] = '\0';
  entry->id = uint64_t{header_.block} << 16 | fixed.offset;
  entry->number = header_.number + static_cast<uint32_t>(fixed.number);
  entry->type = fixed.type;
  --header_.count;
  return true;
}

bool Listing::Next(Blocks* blocks, Entry* entry) {
  if (damaged_ || (header_.count == 0 && offset_ == size_)) return false;
  damaged_ = (header_.count == 0 && !ReadHeader(blocks)) || !ReadEntry(blocks, entry);
  return !damaged_;
}

}  // namespace reloc::image
