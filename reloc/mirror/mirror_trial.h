// Trying a mirror out before launches are shown it: on a file system that is mounted noexec, or under a
// security module, every launch from it would fail.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "reloc/mirror/mirror_cache.h"

namespace reloc {

// Maps an ld.so of the mirror as the kernel would to execute it, and executes a script of ours in the cache.
// Nothing of the pack is executed: it may be another user's. `store`: the path by which launches find the
// mirror's store; of a graft its graft path. FailedPrecondition, with the reason: it cannot be used. What
// cannot be tried here, for want of memory or processes, passes.
absl::Status TryMirror(const MirrorCache& cache, const Mirror& mirror, const std::string& store);

}  // namespace reloc
