#include "reloc/base/library_index.h"

#include <string.h>

#include "reloc/base/fnv.h"

namespace reloc {
namespace {

// 64 bits: three 32-bit counts times the size of a record cannot wrap.
uint64_t SizeOf(const LibraryIndexHeader& header) {
  return sizeof header + uint64_t{header.slots} * sizeof(LibraryIndexSlot) +
         uint64_t{header.needs} * sizeof(LibraryIndexNeed) + header.strings;
}

bool IsPowerOfTwo(uint32_t number) { return number != 0 && (number & (number - 1)) == 0; }

}  // namespace

bool LibraryIndex::Parse(string_view bytes) {
  if (bytes.size() < sizeof(LibraryIndexHeader)) return false;
  const auto* header = reinterpret_cast<const LibraryIndexHeader*>(bytes.data());
  if (memcmp(header->magic, kLibraryIndexMagic, sizeof header->magic) != 0) return false;
  if (header->version != kLibraryIndexVersion || !IsPowerOfTwo(header->slots)) return false;
  if (header->strings == 0 || SizeOf(*header) != bytes.size() || bytes[bytes.size() - 1] != '\0')
    return false;
  header_ = header;
  slots_ = reinterpret_cast<const LibraryIndexSlot*>(header + 1);
  needs_ = reinterpret_cast<const LibraryIndexNeed*>(slots_ + header->slots);
  strings_ = reinterpret_cast<const char*>(needs_ + header->needs);
  return true;
}

bool LibraryIndex::Find(string_view object, string_view name, Library* library) const {
  const LibraryIndexSlot* slot = FindObject(object);
  if (slot == nullptr || slot->first > header_->needs || slot->count > header_->needs - slot->first)
    return false;
  for (uint32_t i = 0; i < slot->count; ++i) {
    const LibraryIndexNeed& need = needs_[slot->first + i];
    if (StringAt(need.name) != name) continue;
    *library = {StringAt(need.file), need.rpath != 0};
    return StartsWith(library->file, "/");
  }
  return false;
}

string_view LibraryIndex::StringAt(uint32_t offset) const {
  return offset < header_->strings ? string_view(strings_ + offset) : string_view();
}

const LibraryIndexSlot* LibraryIndex::FindObject(string_view path) const {
  if (header_ == nullptr) return nullptr;
  const uint32_t mask = header_->slots - 1;
  uint32_t at = Fnv1a32(path);
  for (uint32_t probes = 0; probes < header_->slots; ++probes, ++at) {
    const LibraryIndexSlot& slot = slots_[at & mask];
    if (slot.path == 0) return nullptr;
    if (StringAt(slot.path) == path) return &slot;
  }
  return nullptr;
}

}  // namespace reloc
