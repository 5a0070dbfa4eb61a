// Room for gRPC, which ends the process or waits for ever where it gets no thread or no descriptor.
#pragma once

#include <stddef.h>

#include "absl/status/status.h"

namespace reloc {

// Starts `threads` threads and opens `descriptors` descriptors, all at once, and ends them again.
// ResourceExhausted, with the limits to look at, if there are not so many. Others may take them meanwhile.
absl::Status CheckRoom(size_t threads, size_t descriptors);

}  // namespace reloc
