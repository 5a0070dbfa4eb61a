// Saves the caller's signal mask and dispositions for a job, while the processes around it have all signals
// blocked.
#pragma once

#include <signal.h>
#include <stdint.h>

namespace reloc {

class CallerSignals {
 public:
  // Blocks all signals, and sets SIGCHLD to its default: if it were ignored, children could not be waited
  // for. Other dispositions are unchanged: blocked signals are neither ignored nor handled.
  CallerSignals();

  // Restores what the caller had. For the process that becomes the job.
  void Restore() const;

 private:
  uint64_t mask_;
  struct sigaction sigchld_ = {};
};

}  // namespace reloc
