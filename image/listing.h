// Reads the entries of a directory, one after the other.
#pragma once

#include <stdint.h>
#include <sys/types.h>

#include "image/inode.h"

namespace reloc::image {

constexpr size_t kMaxName = 255;

struct Entry {
  char name[kMaxName + 1];
  InodeId id;
  uint32_t number;
  uint16_t type;
};

// A copy continues from the same position.
class Listing {
 public:
  Listing() = default;
  explicit Listing(const Inode& directory) : place_(directory.place), size_(directory.size) {}

  // Returns false at the end, and if the directory is damaged: a name that no file can have is damage.
  bool Next(Blocks* blocks, Entry* entry);
  bool damaged() const { return damaged_; }
  // Returns how many bytes were read.
  uint64_t offset() const { return offset_; }

 private:
  struct Header {
    uint32_t count, block, number;
  };

  bool Read(Blocks* blocks, void* memory, size_t size);
  bool ReadHeader(Blocks* blocks);
  bool ReadEntry(Blocks* blocks, Entry* entry);

  Place place_;
  uint64_t size_ = 0, offset_ = 0;
  Header header_ = {};  // its count: entries that are left
  bool damaged_ = false;
};

}  // namespace reloc::image
