// Making the absolute symlinks of a store relative, in place.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "reloc/pack/closure.h"

namespace reloc {

// Where the prefix resolves, a relative symlink leads to the same file as the absolute one; where it does not
// (fakechroot: the kernel follows the symlink, and the path must be looked at anew) only the relative one
// leads anywhere. CopyItems does the same for packs that are copied.
//
// Undoes its changes when it goes away, unless Keep() was called.
class Relinker {
 public:
  Relinker() = default;
  Relinker(const Relinker&) = delete;
  Relinker& operator=(const Relinker&) = delete;
  ~Relinker();

  absl::Status MakeRelative(const StoreLocation& store, const std::vector<ClosureItem>& items);
  void Keep() { changes_.clear(); }

 private:
  struct Change {
    std::string path;    // host path
    std::string target;  // what it was
  };
  std::vector<Change> changes_;
};

}  // namespace reloc
