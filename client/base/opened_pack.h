// Opens a pack to inspect it: a directory, or an image, which is mounted for this process.
#pragma once

#include <string>

#include "absl/status/statusor.h"

namespace reloc {

class OpenedPack {
 public:
  // For an image the process must be single-threaded, and is in a root of its own from then on; other paths
  // still lead to the same files.
  static absl::StatusOr<OpenedPack> Open(const std::string& name);

  const std::string& directory() const { return directory_; }
  // Returns `error` with the name that the user knows.
  absl::Status Explain(const absl::Status& error) const;

 private:
  OpenedPack(std::string name, std::string directory);

  std::string name_, directory_;
};

}  // namespace reloc
