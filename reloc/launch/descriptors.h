// Lists and closes the process's own descriptors.
#pragma once

#include <span>

#include "reloc/base/result.h"
#include "reloc/launch/arena.h"

namespace reloc {

// Returns the numbers of all open descriptors, ascending, in memory of `arena`. Errors: /proc is not mounted,
// ENOMEM.
Result<std::span<int>> ListDescriptors(Arena* arena);

// Closes all descriptors except those in `keep`, which is sorted.
Errno CloseAllDescriptorsBut(std::span<const int> keep, Arena* arena);

}  // namespace reloc
