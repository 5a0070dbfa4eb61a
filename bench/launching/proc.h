// What /proc tells of relocd's processes while it is measured. Everything is read from files that every user
// may read: relocd is not dumpable.
#pragma once

#include <stdint.h>
#include <sys/types.h>

#include "absl/time/time.h"

namespace reloc::bench {

// Each of the process `daemon` and its children, together.
int64_t ResidentKilobytes(pid_t daemon);
int64_t WakeUps(pid_t daemon);

// The processor time that the process `pid` has used by itself; its keeper, which does nothing while launches
// find their root, is not counted.
absl::Duration ProcessorTime(pid_t pid);

}  // namespace reloc::bench
