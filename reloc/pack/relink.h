// Makes the absolute symlinks of a store relative, in place.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "reloc/pack/closure.h"

namespace reloc {

// Where the prefix resolves, a relative symlink leads to the same file as the absolute one; where it does not
// (fakechroot: the kernel follows the symlink, and the path must be resolved again) only the relative one
// works. CopyItems does the same for packs that are copied.
//
// The destructor undoes the changes, unless Keep() was called.
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
    std::string target;  // the old target
  };
  std::vector<Change> changes_;
};

}  // namespace reloc
