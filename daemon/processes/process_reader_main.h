// The process that reads /proc for relocd: no thread of relocd's, nor relocctl, looks at files of other
// processes there, because a process that is stuck in execve(2) holds up its readers, and a thread cannot be
// abandoned (stall_guard.h; docs/adr/0028-processes-are-read-by-a-process-that-can-be-abandoned.md).
#pragma once

namespace reloc {

// argv[1] of such a process; on its socket it speaks proto/process_survey.proto.
inline constexpr const char* kProcessReaderArgument = "--process-reader";

// Answers what comes over the socket until the other end is closed. Ends with relocd, however that ends.
[[noreturn]] void ProcessReaderMain();

}  // namespace reloc
