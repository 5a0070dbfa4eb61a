// Resolves paths of a store with a pack's list of files, which its digest covers. The pack itself may belong
// to another user, and change between two reads.
#pragma once

#include <string>
#include <string_view>

#include "absl/container/flat_hash_map.h"
#include "reloc/pack/manifest.h"

namespace reloc {

class ListedFiles {
 public:
  // Points into `contents`, which CheckContents must have accepted.
  explicit ListedFiles(const pb::Contents& contents);

  // Returns the path, relative to the store and free of symlinks, of the regular file that `path` leads to;
  // empty if the list has none there, or the path leads out of the store.
  std::string Find(std::string_view path) const;

 private:
  absl::flat_hash_map<std::string, const pb::File*> files_;  // by path in the store
};

}  // namespace reloc
