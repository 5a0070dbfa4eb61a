// What a directory lies on.
#pragma once

#include <stdint.h>

#include <string>

#include "absl/status/statusor.h"

namespace reloc {

struct FileSystem {
  // "NFS", "Lustre", ...: those that other hosts have too, where sockets and locks mean little; else empty.
  std::string shared;
  bool noexec = false;
  bool read_only = false;
  uint64_t free_bytes = 0;  // for us, not for root
};

// Of the file system that `path` is on. Waits for a file server.
absl::StatusOr<FileSystem> InspectFileSystem(const std::string& path);

}  // namespace reloc
