// A SquashFS image, as libsquashfuse reads it; none of its bytes is looked at here.
//
// Files have numbers: 1 is the root, as FUSE has it. What fails is told by errno numbers; 0 is success.
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/types.h>

#include <functional>
#include <string>

extern "C" {
#include <squashfuse/squashfuse.h>
}

namespace reloc::image {

struct DirectoryEntry {
  const char* name;
  struct stat attributes;  // st_ino and the type in st_mode
  off_t next;              // where the one after it begins
};

class Squashfs {
 public:
  Squashfs() = default;
  ~Squashfs();
  Squashfs(const Squashfs&) = delete;
  Squashfs& operator=(const Squashfs&) = delete;

  // Complains on standard error if it is none, or of a kind that cannot be read.
  bool Open(const char* path);

  int Find(uint64_t directory, const char* name, uint64_t* number);  // ENOENT: there is none
  int GetAttributes(uint64_t number, struct stat* attributes);
  int ReadLink(uint64_t number, std::string* target);
  // The image's own size, and that there is no room in it: what the kernel says of a SquashFS.
  struct statvfs Space() const;
  // What there is of `size` bytes from `offset` on.
  int Read(uint64_t number, off_t offset, size_t size, std::string* bytes);
  // Gives the entries from `offset` on to `take`, until it returns false.
  int List(uint64_t directory, off_t offset, const std::function<bool(const DirectoryEntry&)>& take);

 private:
  int Get(uint64_t number, sqfs_inode* inode);

  sqfs fs_ = {};
  bool open_ = false;
};

}  // namespace reloc::image
