// The process for files: does for relocd what is done with files of the state directory, one task after the
// other. See ADR 0029, and child_process.h for why it is one.
#pragma once

namespace reloc {

// argv[1] of the process; on its socket it speaks proto/disk_task.proto.
inline constexpr const char* kDiskWorkerArgument = "--disk-worker";

// Exits when relocd closes the socket, or is gone.
[[noreturn]] void DiskWorkerMain();

}  // namespace reloc
