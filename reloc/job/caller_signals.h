// The signal mask and what else of signals a job must have of its caller, while the processes around it have
// all signals blocked.
#pragma once

#include <signal.h>
#include <stdint.h>

namespace reloc {

class CallerSignals {
 public:
  // Blocks all signals, and has SIGCHLD sent for children: where it was ignored they could not be waited for.
  // Dispositions are left alone else: what is blocked is neither ignored nor handled.
  CallerSignals();

  // As it was. For the process that becomes the job.
  void Restore() const;

 private:
  uint64_t mask_;
  struct sigaction sigchld_ = {};
};

}  // namespace reloc
