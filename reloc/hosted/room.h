// Checks that there is room for gRPC, which ends the process or waits for ever if it gets no thread or no
// descriptor.
#pragma once

#include <stddef.h>

#include "absl/status/status.h"

namespace reloc {

// Starts `threads` threads and opens `descriptors` descriptors, all at once, and releases them again.
// ResourceExhausted, naming the limits to look at, if there are not so many. Others may take them afterwards.
absl::Status CheckRoom(size_t threads, size_t descriptors);

}  // namespace reloc
