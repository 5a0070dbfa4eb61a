// Lists what is below a directory.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace reloc {

enum class FileType { kRegular, kDirectory, kSymlink };

// Returns "file", "directory" or "symlink".
const char* FileTypeName(FileType type);

struct TreeFile {
  std::string path;  // relative to the top; empty for the top itself
  FileType type = FileType::kRegular;
  mode_t mode = 0;    // permission bits
  uint64_t size = 0;  // bytes; 0 unless regular
  int64_t mtime = 0;  // seconds
  bool executable() const { return type == FileType::kRegular && (mode & 0100) != 0; }
};

// Lists `top` (a file, a directory or a symlink, which is not followed) and everything below it, sorted by
// path as bytes, so that a directory comes before its entries. Devices, sockets and FIFOs are errors: a store
// has none.
absl::StatusOr<std::vector<TreeFile>> ListTree(const std::string& top);

// Returns `top`, or `top`/`path`.
std::string JoinPath(const std::string& top, const std::string& path);

}  // namespace reloc
