#include "image/blocks.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <algorithm>

#include "image/unpack.h"

namespace reloc::image {
namespace {

constexpr uint16_t kMetadataIsPlain = 1 << 15;
constexpr uint32_t kDataIsPlain = 1 << 24;

}  // namespace

const Block* BlockCache::Find(uint64_t position, uint32_t header) const {
  for (size_t i = 0; i < blocks_.size(); ++i) {
    const size_t at = (last_ + i) % blocks_.size();
    if (blocks_[at].position != position || blocks_[at].header != header) continue;
    last_ = at;
    return &blocks_[at];
  }
  return nullptr;
}

Block* BlockCache::Replace() {
  Block* block = &blocks_[oldest_];
  oldest_ = (oldest_ + 1) % blocks_.size();
  block->position = 0;
  return block;
}

void Blocks::Open(int fd, const Superblock& superblock) {
  fd_ = fd;
  superblock_ = superblock;
}

bool Blocks::ReadRaw(uint64_t position, void* memory, size_t size) const {
  if (position > superblock_.size || size > superblock_.size - position) return false;
  char* to = static_cast<char*>(memory);
  while (size > 0) {
    const ssize_t got = ::pread(fd_, to, size, static_cast<off_t>(position));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    to += got;
    position += static_cast<uint64_t>(got);
    size -= static_cast<size_t>(got);
  }
  return true;
}

// Reads and unpacks a block. `limit`: the largest size that the format allows, packed and unpacked.
bool Blocks::ReadBlock(uint64_t position, size_t stored, bool packed, size_t limit,
                       std::vector<char>* bytes) {
  if (stored == 0 || stored > limit) return false;
  std::vector<char>* to = packed ? &packed_ : bytes;
  to->resize(stored);
  if (!ReadRaw(position, to->data(), stored)) return false;
  if (!packed) return true;
  bytes->resize(limit);
  bytes->resize(Unpack(superblock_.compression, packed_, *bytes));
  return !bytes->empty();
}

const Block* Blocks::Metadata(uint64_t position) {
  if (const Block* known = metadata_.Find(position, 0)) return known;
  uint16_t header;
  if (position < sizeof(Superblock) || !ReadRaw(position, &header, sizeof header)) return nullptr;
  const uint16_t stored = header & ~kMetadataIsPlain;
  Block* block = metadata_.Replace();
  const uint64_t start = position + sizeof header;
  const bool packed = (header & kMetadataIsPlain) == 0;
  if (!ReadBlock(start, stored, packed, kMetadataSize, &block->bytes)) return nullptr;
  block->next = start + stored;
  block->position = position;
  return block;
}

const Block* Blocks::Load(uint64_t position, uint32_t header, BlockCache* cache) {
  if (const Block* known = cache->Find(position, header)) return known;
  if (position < sizeof(Superblock) || (header & ~kDataIsPlain) != StoredSize(header)) return nullptr;
  Block* block = cache->Replace();
  const bool packed = (header & kDataIsPlain) == 0;
  if (!ReadBlock(position, StoredSize(header), packed, superblock_.block_size, &block->bytes)) return nullptr;
  block->header = header;
  block->position = position;
  return block;
}

bool Blocks::ReadMetadata(Place* place, void* memory, size_t size) {
  char* to = static_cast<char*>(memory);
  while (size > 0) {
    const Block* block = Metadata(place->block);
    if (block == nullptr || place->offset > block->bytes.size()) return false;
    const size_t take = std::min(size, block->bytes.size() - place->offset);
    // Only the last block of a table may be partly filled. So each step reads 8 KiB, and the loop ends.
    if (take < size && block->bytes.size() != kMetadataSize) return false;
    memcpy(to, block->bytes.data() + place->offset, take);
    to += take;
    size -= take;
    place->offset += static_cast<uint32_t>(take);
    if (size > 0) *place = {block->next, 0};
  }
  return true;
}

}  // namespace reloc::image
