// Lists a directory with getdents64(2): libc's opendir(3) allocates, and musl's makes more system calls.
#pragma once

#include <stddef.h>

#include "reloc/base/result.h"

namespace reloc {

struct DirectoryEntry {
  const char* name;
  unsigned char type;  // DT_DIR, DT_LNK, ...; DT_UNKNOWN on file systems without types (old XFS, some FUSE)
};

class DirectoryReader {
 public:
  // `fd`: the directory, open for reading; borrowed.
  explicit DirectoryReader(int fd) : fd_(fd) {}

  // Finds the next entry, skipping "." and "..". `*more` is false at the end. The entry is valid until the
  // next call.
  Errno Next(DirectoryEntry* entry, bool* more);

 private:
  int fd_;
  long size_ = 0;
  long at_ = 0;
  alignas(8) char memory_[4096];
};

}  // namespace reloc
