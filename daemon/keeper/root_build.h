// One root, made in a process of its own by the prepare steps of the userns engine.
#pragma once

#include <string>

#include "reloc/base/unique_fd.h"
#include "reloc/launch/failure.h"

namespace reloc {

// Both change the calling process for good, and return false with `*failure` set. The process then stands in
// the new namespaces.

// Makes the user namespace that all roots share, and tries what roots need in it.
bool EnterSharedUserNamespace(Failure* failure);

// Makes the root that shows `store` (a directory of the calling process's mount namespace) at `prefix`.
// With an empty prefix `store` is an image, and the root shows the store of the pack that it holds.
// `user_ns`: -1 where none is needed. Of an image `*server` is set to a socket that hangs up when its server
// ends.
bool BuildRoot(int user_ns, UniqueFd store, const std::string& prefix, UniqueFd* server, Failure* failure);

}  // namespace reloc
