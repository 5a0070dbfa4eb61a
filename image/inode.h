// Reads what an image records about one of its files.
#pragma once

#include <stdint.h>

#include "image/blocks.h"

namespace reloc::image {

// The kinds of files that packs have. Others are refused: a FIFO, for example, would block programs that open
// it.
enum class FileType : uint16_t { kDirectory = 1, kRegular, kSymlink };

constexpr uint32_t kNoFragment = 0xffffffff;

struct Inode {
  FileType type = FileType::kRegular;
  uint16_t permissions = 0;
  uint16_t user = 0, group = 0;  // indices into the table of ids
  uint32_t time = 0;
  uint32_t number = 0;
  uint32_t links = 1;
  uint64_t size = 0;                // of a directory: of its listing
  Place place;                      // a directory's listing, a symlink's target, the sizes of a file's blocks
  uint64_t data = 0;                // a regular file's first block
  uint32_t fragment = kNoFragment;  // the block that contains its end
  uint32_t fragment_offset = 0;
};

// A file's id in its image: the position of a block in the table of inodes, and an offset of 16 bits in it.
using InodeId = uint64_t;

// Returns false if there is none, or it is damaged.
bool ReadInode(Blocks* blocks, InodeId id, Inode* inode);

}  // namespace reloc::image
