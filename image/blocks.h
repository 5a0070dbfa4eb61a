// Reads, unpacks and caches the blocks of an image. Whatever the image contains, no read goes beyond a block,
// and no block is larger than the format allows.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <vector>

#include "image/superblock.h"

namespace reloc::image {

struct Block {
  uint64_t position = 0;  // in the image; 0: none
  uint32_t header = 0;    // of a data block
  uint64_t next = 0;      // of metadata: the position of the following block
  std::vector<char> bytes;
};

// The last blocks that were read.
class BlockCache {
 public:
  explicit BlockCache(size_t count) : blocks_(count) {}
  const Block* Find(uint64_t position, uint32_t header) const;
  // Returns the block to overwrite, the oldest. It is emptied, and not found until it has a position.
  Block* Replace();

 private:
  std::vector<Block> blocks_;
  size_t oldest_ = 0;
  mutable size_t last_ = 0;  // the index last found: it is mostly wanted again
};

// A position in a table of metadata.
struct Place {
  uint64_t block = 0;   // position in the image
  uint32_t offset = 0;  // in the unpacked block
};

class Blocks {
 public:
  Blocks() : metadata_(64), data_(2), fragments_(4) {}

  // Begins to read `fd`, the image, borrowed. `superblock` must be without flaws.
  void Open(int fd, const Superblock& superblock);
  const Superblock& superblock() const { return superblock_; }

  // Reads bytes of the image itself. Returns false if they do not exist.
  bool ReadRaw(uint64_t position, void* memory, size_t size) const;
  // Reads metadata at `*place`, and advances it. Returns false if the image is damaged.
  bool ReadMetadata(Place* place, void* memory, size_t size);
  // Returns a data block of a file, nullptr if it is damaged. `header`: its size and whether it is packed,
  // from the image. Valid until the next call.
  const Block* Data(uint64_t position, uint32_t header) { return Load(position, header, &data_); }
  // Does the same for a block that contains the ends of several files.
  const Block* Fragment(uint64_t position, uint32_t header) { return Load(position, header, &fragments_); }

 private:
  const Block* Metadata(uint64_t position);
  const Block* Load(uint64_t position, uint32_t header, BlockCache* cache);
  bool ReadBlock(uint64_t position, size_t stored, bool packed, size_t limit, std::vector<char>* bytes);

  int fd_ = -1;
  Superblock superblock_ = {};
  BlockCache metadata_, data_, fragments_;
  std::vector<char> packed_;
};

// Returns the size in a data block's header.
constexpr uint32_t StoredSize(uint32_t header) { return header & 0xffffff; }

}  // namespace reloc::image
