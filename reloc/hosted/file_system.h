// Describes the file system that a directory is on.
#pragma once

#include <stdint.h>

#include <string>

#include "absl/status/statusor.h"

namespace reloc {

struct FileSystem {
  // "NFS", "Lustre", ...: file systems shared with other hosts, where sockets and locks mean little;
  // otherwise empty.
  std::string shared;
  bool noexec = false;
  bool read_only = false;
  uint64_t free_bytes = 0;  // for us, not for root
};

// Inspects the file system that `path` is on. May wait for a file server.
absl::StatusOr<FileSystem> InspectFileSystem(const std::string& path);

}  // namespace reloc
