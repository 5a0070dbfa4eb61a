// What directories take on the disk.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "reloc/mirror/mirror_cache.h"

namespace reloc {

// Of the directories `names` in `parent`, each with all below it: see MirrorCache::Measure. What is removed
// meanwhile does not count. `where` is the path of `parent`.
absl::StatusOr<MirrorUsage> MeasureUsage(int parent, const std::vector<std::string>& names,
                                         const std::string& where);

}  // namespace reloc
