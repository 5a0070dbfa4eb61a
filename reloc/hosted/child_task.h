// Works with files that may be on a file system which does not answer, in a process of its own.
//
// A process that waits for such a file system cannot be interrupted, and often not even be killed. A forked
// child can be abandoned.
#pragma once

#include <stdint.h>
#include <sys/types.h>

#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace reloc {

// Runs `work` in a child, and returns its result. DeadlineExceeded if the child is still blocked after
// `timeout`; then it is killed and abandoned. A child that gets no CPU time because of other programs has
// longer. Call it while the process is single-threaded.
absl::StatusOr<std::string> RunInChild(absl::Duration timeout, absl::FunctionRef<std::string()> work);

// Does the same for work that can fail, and returns its error.
absl::StatusOr<std::string> TryInChild(absl::Duration timeout,
                                       absl::FunctionRef<absl::StatusOr<std::string>()> work);

// Returns whether the process `pid` runs, or waits only for a CPU. False if it waits for something different,
// is stopped, or has ended.
bool IsRunnable(pid_t pid);

// Observes over time whether a process or one of its children is active. Looking once is not enough: a
// process that reads pages, or waits for children, sleeps often and briefly.
class ActivityWatch {
 public:
  // A good interval between two calls of HasRun().
  static constexpr absl::Duration kInterval = absl::Milliseconds(900);

  explicit ActivityWatch(pid_t pid) : pid_(pid) { (void)HasRun(); }
  pid_t pid() const { return pid_; }

  // Returns whether the process, or a child, is runnable or has run since the last call. Also returns false
  // if the process has ended or is stopped. Looks at the first thread of each.
  bool HasRun();

 private:
  pid_t pid_;
  uint64_t switches_ = 0;  // of all of them
};

// Returns whether the process `pid` is stopped, by a signal or by a debugger.
bool IsStopped(pid_t pid);

}  // namespace reloc
