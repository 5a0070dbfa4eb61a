#include "image/content.h"

#include <algorithm>

namespace reloc::image {
namespace {

constexpr uint64_t kStep = 2048;          // blocks from one mark to the next: 8 KiB of sizes
constexpr uint64_t kMaxBlocks = 1 << 24;  // 2 TiB in blocks of 128 KiB; their sizes are 64 MiB

struct FragmentEntry {
  uint64_t position;
  uint32_t header, unused;
};
static_assert(sizeof(FragmentEntry) == 16);

bool HasFragment(const Inode& file) { return file.fragment != kNoFragment; }

uint64_t CountBlocks(const Inode& file, uint64_t block_size) {
  return HasFragment(file) ? file.size / block_size : (file.size + block_size - 1) / block_size;
}

}  // namespace

Content::Index* Content::IndexOf(InodeId id, const Inode& file) {
  for (Index& index : indices_) {
    if (index.id == id && !index.marks.empty()) return &index;
  }
  Index* index = &indices_[oldest_];
  oldest_ = (oldest_ + 1) % indices_.size();
  *index = {id, {{file.place, file.data}}};
  return index;
}

bool Content::Find(InodeId id, const Inode& file, uint64_t number, uint64_t* position, uint32_t* header) {
  const uint64_t count = CountBlocks(file, blocks_->superblock().block_size);
  Index small = {id, {{file.place, file.data}}};
  Index* index = count <= kStep ? &small : IndexOf(id, file);
  uint64_t step = std::min<uint64_t>(number / kStep, index->marks.size() - 1);
  for (;; ++step) {
    Mark at = index->marks[step];
    const uint64_t first = step * kStep, size = std::min(kStep, number - first + 1);
    uint32_t headers[kStep];
    if (!blocks_->ReadMetadata(&at.sizes, headers, size * sizeof headers[0])) return false;
    const bool here = number < first + kStep;
    for (uint64_t i = 0; i < (here ? size - 1 : size); ++i) at.data += StoredSize(headers[i]);
    *position = at.data;
    *header = headers[size - 1];
    if (here) return true;
    index->marks.push_back(at);
  }
}

bool Content::ReadBlock(InodeId id, const Inode& file, uint64_t number, std::string* bytes, size_t from,
                        size_t size) {
  const uint64_t block_size = blocks_->superblock().block_size;
  uint64_t position;
  uint32_t header;
  if (!Find(id, file, number, &position, &header)) return false;
  if (header == 0) {  // a hole
    bytes->append(size, '\0');
    return true;
  }
  const Block* block = blocks_->Data(position, header);
  if (block == nullptr || block->bytes.size() != std::min(block_size, file.size - number * block_size))
    return false;
  bytes->append(block->bytes.data() + from, size);
  return true;
}

// Reads the end of a file, which does not fill a block.
bool Content::ReadEnd(const Inode& file, std::string* bytes, size_t from, size_t size) {
  const Superblock& superblock = blocks_->superblock();
  constexpr uint32_t kPerBlock = kMetadataSize / sizeof(FragmentEntry);
  Place place{0, file.fragment % kPerBlock * static_cast<uint32_t>(sizeof(FragmentEntry))};
  FragmentEntry entry;
  if (file.fragment >= superblock.fragments ||
      !blocks_->ReadRaw(superblock.fragment_table + file.fragment / kPerBlock * 8, &place.block,
                        sizeof place.block) ||
      !blocks_->ReadMetadata(&place, &entry, sizeof entry))
    return false;
  const Block* block = blocks_->Fragment(entry.position, entry.header);
  const uint64_t start = uint64_t{file.fragment_offset} + from;
  if (block == nullptr || start > block->bytes.size() || size > block->bytes.size() - start) return false;
  bytes->append(block->bytes.data() + start, size);
  return true;
}

bool Content::Read(InodeId id, const Inode& file, uint64_t offset, size_t size, std::string* bytes) {
  bytes->clear();
  if (offset >= file.size) return true;
  const uint64_t block_size = blocks_->superblock().block_size;
  const uint64_t count = CountBlocks(file, block_size), end = std::min(file.size, offset + size);
  if (count > kMaxBlocks) return false;
  bytes->reserve(end - offset);
  while (offset < end) {
    const uint64_t number = offset / block_size, from = offset % block_size;
    const uint64_t take = std::min(block_size - from, end - offset);
    if (!(number < count ? ReadBlock(id, file, number, bytes, from, take) : ReadEnd(file, bytes, from, take)))
      return false;
    offset += take;
  }
  return true;
}

}  // namespace reloc::image
