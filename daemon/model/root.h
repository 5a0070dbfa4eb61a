// A root: a mount namespace in which a pack's store is at its prefix.
#pragma once

#include <stdint.h>

#include <memory>
#include <string>

#include "absl/time/time.h"
#include "reloc/base/unique_fd.h"
#include "reloc/launch/root_registry.h"

namespace reloc {

struct MadeRoot {
  int32_t fd = -1;     // number of the mount namespace's descriptor in the holder
  uint64_t inode = 0;  // of the mount namespace
};

struct Root {
  RootKey key;
  MadeRoot made;
  std::string prefix;  // empty: of an image
  std::string pack;    // path of the pack that it was made for first
  absl::Time created_at;
  mutable absl::Time used_at;
  std::string mirror;                     // name of the mirror that it shows; empty: the pack's own store
  std::shared_ptr<const UniqueFd> store;  // the pack's own, pinned as long as it is a key
  // The root that this one took the place of, which a launch may still be about to enter.
  std::shared_ptr<const Root> before;
};
using RootLease = std::shared_ptr<const Root>;

}  // namespace reloc
