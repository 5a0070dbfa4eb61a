// The directories of a store in which ld.so looks for libraries, as far as the store alone determines what it
// finds.
#pragma once

#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "reloc/pack/store.h"

namespace reloc {

struct LibraryDirectory {
  // False for a directory that is outside the store, or may be: its files differ between hosts.
  bool known = false;
  absl::flat_hash_set<std::string> names;
  // Names below subdirectories that ld.so prefers on some processors: glibc-hwcaps, and older glibc's tls,
  // haswell…
  absl::flat_hash_set<std::string> variants;
};

// Reads each directory once. Not thread-safe.
class LibraryDirectories {
 public:
  explicit LibraryDirectories(StoreLocation store) : store_(std::move(store)) {}

  // Returns the directory at `path`, as an object names it after $ORIGIN was expanded. One that does not
  // exist is known to be empty.
  const LibraryDirectory& At(const std::string& path);

 private:
  LibraryDirectory Read(const std::string& path) const;
  bool MayLeadOutside(const std::string& path) const;

  StoreLocation store_;
  absl::flat_hash_map<std::string, LibraryDirectory> directories_;  // by path
};

// Returns where the store path `path` leads with all symlinks followed; empty if it does not exist or leads
// outside.
std::string RealStorePath(const StoreLocation& store, const std::string& path);

}  // namespace reloc
