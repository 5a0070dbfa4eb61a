// A SquashFS image, which may be made by anyone: whatever its bytes are, reading it ends, and goes nowhere
// else.
//
// Files have numbers: 1 is the root, as FUSE has it. Functions return errno numbers; 0 is success, EIO a
// damaged image.
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/types.h>

#include <functional>
#include <string>
#include <unordered_map>
#include <vector>

#include "image/blocks.h"
#include "image/content.h"
#include "image/inode.h"
#include "image/listing.h"

namespace reloc::image {

constexpr uint64_t kRoot = 1;

struct DirectoryEntry {
  const char* name;
  struct stat attributes;  // st_ino and the type in st_mode
  off_t next;              // where the one after it begins
};

class Squashfs {
 public:
  Squashfs() : content_(&blocks_) {}
  Squashfs(const Squashfs&) = delete;
  Squashfs& operator=(const Squashfs&) = delete;

  // `fd`: a file of `size` bytes, borrowed, for as long as this lives. Returns what is wrong, or nullptr.
  const char* Open(int fd, uint64_t size);

  int Find(uint64_t directory, const char* name, uint64_t* number);  // ENOENT: there is none
  int GetAttributes(uint64_t number, struct stat* attributes);
  int ReadLink(uint64_t number, std::string* target);
  // The image's own size, and that there is no room in it: what the kernel says of a SquashFS.
  struct statvfs Space() const;
  // Reads what there is of `size` bytes from `offset` on.
  int Read(uint64_t number, off_t offset, size_t size, std::string* bytes);
  // Gives the entries from `offset` on to `take`, until it returns false.
  int List(uint64_t directory, off_t offset, const std::function<bool(const DirectoryEntry&)>& take);

 private:
  // Where a directory is named: by which entry of which directory.
  struct Name {
    InodeId directory;
    uint64_t offset;
    bool operator==(const Name&) const = default;
  };

  InodeId IdOf(uint64_t number) const;
  bool ReadIds();
  bool OpenListing(uint64_t directory, Listing* listing);
  bool Register(InodeId id, const Inode& directory, const Name& name);

  Blocks blocks_;
  Content content_;
  std::vector<uint32_t> ids_;
  // All directories that were found, and how much there is to list in them.
  std::unordered_map<InodeId, Name> directories_;
  uint64_t listed_ = 0;
  // Where the last listing was left: the kernel asks for a large one in pieces.
  InodeId last_listed_ = 0;
  Listing last_listing_;
};

}  // namespace reloc::image
