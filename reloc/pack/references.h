// Finds references to store items in arbitrary bytes, as Nix and Guix do: whatever contains the hash part of
// an item refers to it. Nothing has to be declared, and no file format has to be understood.
//
// Like theirs, the search cannot see into compressed or otherwise encoded files.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "reloc/hosted/progress.h"

namespace reloc {

// The references of a file.
struct References {
  absl::flat_hash_set<uint32_t> items;         // indices into ReferenceFinder::items()
  std::map<std::string, std::string> missing;  // hash part -> name, of items that the store does not have
};

// Immutable after construction: used by several threads.
class ReferenceFinder {
 public:
  // `items`: the names of all items that the store at `prefix` has; names of another form are not searched
  // for.
  ReferenceFinder(std::string_view prefix, std::vector<std::string> items);

  const std::vector<std::string>& items() const { return items_; }

  // Adds to `*found` what `bytes` refer to: each item whose hash part they contain, and as missing each
  // <prefix>/<32 characters of the hash alphabet>-<name> that is none of the items.
  void Find(std::string_view bytes, References* found) const;

  // Does the same for the content of the regular file `path`.
  absl::Status FindInFile(const std::string& path, ProgressMeter* meter, References* found) const;

 private:
  void Judge(std::string_view bytes, size_t position, References* found) const;

  const std::string marker_;  // "<prefix>/"
  const std::vector<std::string> items_;
  absl::flat_hash_map<std::string_view, uint32_t> by_hash_;  // keys point into items_
  std::vector<bool> begins_;  // by the first characters of a hash: whether a hash has them
};

}  // namespace reloc
