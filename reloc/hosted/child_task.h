// Work with files that may be on a file system which does not answer, in a process of its own.
//
// A process that asks such a file system for something cannot be interrupted, and often not even killed. A
// forked child can be left behind.
#pragma once

#include <stdint.h>
#include <sys/types.h>

#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace reloc {

// Returns what `work` returns, which runs in a child. DeadlineExceeded if the child waits for something after
// `patience`; then it is killed and left behind. A child that is kept from running by other programs has
// more time. Call it while the process is single-threaded.
absl::StatusOr<std::string> RunInChild(absl::Duration patience, absl::FunctionRef<std::string()> work);

// The same for work that can fail: its error comes back.
absl::StatusOr<std::string> TryInChild(absl::Duration patience,
                                       absl::FunctionRef<absl::StatusOr<std::string>()> work);

// Whether the process `pid` runs, or only waits for a processor. False: it waits for something else, is
// stopped, or has ended.
bool IsRunnable(pid_t pid);

// Looks again and again whether a process or one of its children does something. One look is not enough: a
// process that reads pages, or waits for children, sleeps often and for short times.
class ActivityWatch {
 public:
  // A good time between two calls of HasRun().
  static constexpr absl::Duration kInterval = absl::Milliseconds(900);

  explicit ActivityWatch(pid_t pid) : pid_(pid) { (void)HasRun(); }
  pid_t pid() const { return pid_; }

  // Returns whether the process, or a child, is runnable or has run since the last call. False also if the
  // process has ended or is stopped. It looks at the first thread of each.
  bool HasRun();

 private:
  pid_t pid_;
  uint64_t switches_ = 0;  // of all
};

// Whether the process `pid` is stopped, by a signal or by a debugger.
bool IsStopped(pid_t pid);

}  // namespace reloc
