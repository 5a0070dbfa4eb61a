// Reads from /proc what relocd's processes use while it is measured. All files are readable for every user:
// relocd is not dumpable.
#pragma once

#include <stdint.h>
#include <sys/types.h>

#include "absl/time/time.h"

namespace reloc::bench {

// Return the sum for the process `daemon` and its children.
int64_t ResidentKilobytes(pid_t daemon);
int64_t WakeUps(pid_t daemon);

// Returns the CPU time that the process `pid` itself has used; its keeper, which does nothing while launches
// find their root, is not counted.
absl::Duration ProcessorTime(pid_t pid);

}  // namespace reloc::bench
