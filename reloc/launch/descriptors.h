// The process's own open descriptors.
#pragma once

#include <span>

#include "reloc/base/result.h"
#include "reloc/launch/arena.h"

namespace reloc {

// The numbers of all open descriptors, ascending, in memory of `arena`. Errors: /proc is not mounted, ENOMEM.
Result<std::span<int>> ListDescriptors(Arena* arena);

// Closes all descriptors but `keep`, which is sorted.
Errno CloseAllDescriptorsBut(std::span<const int> keep, Arena* arena);

}  // namespace reloc
