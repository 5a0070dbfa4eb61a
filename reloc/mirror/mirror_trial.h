// Trying a mirror out before launches are shown it: on a file system that is mounted noexec, or under a
// security module, every launch from it would fail.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "reloc/mirror/mirror_cache.h"

namespace reloc {

// Executes what launches would: an ld.so of the mirror, which looks at one of its programs and ends, else a
// script in the cache. `store`: the path by which launches find the mirror's store; of a graft its graft
// path. FailedPrecondition, with the reason: it cannot be used. What cannot be tried here, for want of memory
// or processes, passes.
absl::Status TryMirror(const MirrorCache& cache, const Mirror& mirror, const std::string& store);

}  // namespace reloc
