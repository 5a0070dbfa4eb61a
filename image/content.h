// Reads the content of regular files.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <string>
#include <vector>

#include "image/inode.h"

namespace reloc::image {

class Content {
 public:
  explicit Content(Blocks* blocks) : blocks_(blocks), indices_(8) {}

  // Reads up to `size` bytes from `offset`; fewer at the end of the file. Returns false if the file is
  // damaged.
  bool Read(InodeId id, const Inode& file, uint64_t offset, size_t size, std::string* bytes);

 private:
  // A file's blocks are consecutive, and the image has only the size of each. So that the end of a large file
  // can be read without reading all sizes, positions are remembered: one for every so many blocks.
  struct Mark {
    Place sizes;
    uint64_t data;
  };
  struct Index {
    InodeId id = 0;
    std::vector<Mark> marks;
  };

  bool ReadBlock(InodeId id, const Inode& file, uint64_t number, std::string* bytes, size_t from,
                 size_t size);
  bool ReadEnd(const Inode& file, std::string* bytes, size_t from, size_t size);
  bool Find(InodeId id, const Inode& file, uint64_t number, uint64_t* position, uint32_t* header);
  Index* IndexOf(InodeId id, const Inode& file);

  Blocks* blocks_;
  std::vector<Index> indices_;
  size_t oldest_ = 0;
};

}  // namespace reloc::image
