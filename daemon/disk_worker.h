// The process for files: does for relocd what is done with files of the state directory, one task after the
// other. See ADR 0029, and child_process.h for why it is one.
#pragma once

namespace reloc {

// Does what relocd asks on the socket of this process, which was started with kDiskWorkerArgument. Exits when
// relocd closes the socket, or is gone.
[[noreturn]] void DiskWorkerMain();

}  // namespace reloc
