// Reads a SquashFS image, which may come from anyone: whatever its bytes are, reading ends, and stays inside
// the image.
//
// Files have numbers: 1 is the root, as in FUSE. Functions return errno numbers; 0 is success, EIO a damaged
// image.
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
  off_t next;              // offset of the following entry
};

class Squashfs {
 public:
  Squashfs() : content_(&blocks_) {}
  Squashfs(const Squashfs&) = delete;
  Squashfs& operator=(const Squashfs&) = delete;

  // `fd`: a file of `size` bytes, borrowed while this object exists. Returns what is wrong, or nullptr.
  const char* Open(int fd, uint64_t size);

  int Find(uint64_t directory, const char* name, uint64_t* number);  // ENOENT: it does not exist
  int GetAttributes(uint64_t number, struct stat* attributes);
  int ReadLink(uint64_t number, std::string* target);
  // Returns the image's own size and no free space, as the kernel does for a SquashFS.
  struct statvfs Space() const;
  // Reads up to `size` bytes from `offset`; fewer at the end of the file.
  int Read(uint64_t number, off_t offset, size_t size, std::string* bytes);
  // Passes the entries from `offset` on to `take`, until it returns false.
  int List(uint64_t directory, off_t offset, const std::function<bool(const DirectoryEntry&)>& take);

 private:
  // A directory's name: an entry of another directory.
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
  // All directories that were found, and the total size of their listings.
  std::unordered_map<InodeId, Name> directories_;
  uint64_t listed_ = 0;
  // Where the last listing stopped: the kernel reads a large one in pieces.
  InodeId last_listed_ = 0;
  Listing last_listing_;
};

}  // namespace reloc::image
