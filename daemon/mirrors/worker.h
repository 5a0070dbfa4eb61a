// The worker: a process that does for relocd what is done with the files of packs and mirrors, one task in
// its life.
//
// A process of its own, since a file system may hang for as long as a server is away: then it is given up,
// and relocd goes on. It is relocd's own program, executed anew: relocd has threads by then, and after
// fork(2) only the calling one would be left. It yields to everything else on the host (nice 10, idle I/O
// class).
#pragma once

namespace reloc {

// argv[1] of a worker; on its socket it speaks proto/mirror_task.proto.
inline constexpr const char* kMirrorWorkerArgument = "--mirror-worker";

// Does the task that comes over the socket, and exits. Ends with relocd, however that ends.
[[noreturn]] void MirrorWorkerMain();

}  // namespace reloc
