// The messages between the two ends of a traced launch, over a SEQPACKET socket pair: the caller's process
// (launch/program_proxy.h), and the first process under the tracer (shim/tracee.cc). Both are from the same
// build and on the same machine: plain structures, no version.
//
// Descriptors are sent over this socket, one per message, instead of being inherited through the tracer: a
// tracer that holds the program's pipes keeps their readers from ever seeing the end of file.
#pragma once

#include <stdint.h>

#include "reloc/base/file.h"
#include "reloc/base/result.h"
#include "reloc/base/unique_fd.h"

namespace reloc {

enum class TraceEvent : uint32_t {
  // from under the tracer
  kStartFailed = 1,  // value: errno of executing the tracer
  kReady = 2,        // value: own pid; file: what is at the store prefix here, zero if nothing is
  kStarted = 3,      // the program was executed
  kExecFailed = 4,   // value: errno
  kStopped = 5,      // value: the signal that stopped the program
  kEnded = 6,        // value: its wait status
  // to it
  kDescriptor = 16,  // value: the number that the attached descriptor must get
  kRun = 17,         // attached: the strings of argv and of the environment; run it now
  kSignal = 18,      // value: a signal for the program
};

struct TraceMessage {
  TraceEvent event;
  int32_t value = 0;
  FileId file{};             // kReady
  uint64_t signal_mask = 0;  // kRun: the caller's
  uint32_t argc = 0;         // kRun
  uint32_t envc = 0;         // kRun
  bool ignores_sigchld = false;
};

// Sends `message`, with the descriptor `attached` (borrowed) unless that is -1.
Errno SendTrace(int socket, const TraceMessage& message, int attached = -1);
// Receives a message and what was attached to it. EPIPE: the other end has closed.
Errno ReceiveTrace(int socket, TraceMessage* message, UniqueFd* attached = nullptr);

// Blocks exactly the signals of `mask` (bit 0 is signal 1); returns the previous mask. Uses the system call,
// because musl's functions leave its own signals out, one of which is glibc's SIGRTMIN.
uint64_t SetSignalMask(uint64_t mask);
inline constexpr uint64_t kAllSignals = ~uint64_t{0};
inline constexpr uint64_t SignalBit(int signal) { return uint64_t{1} << (signal - 1); }

}  // namespace reloc
