#include "reloc/job/caller_signals.h"

#include "reloc/launch/tracer_link.h"

namespace reloc {

CallerSignals::CallerSignals() : mask_(SetSignalMask(kAllSignals)) {
  struct sigaction action = {};
  action.sa_handler = SIG_DFL;
  (void)::sigaction(SIGCHLD, &action, &sigchld_);
}

void CallerSignals::Restore() const {
  (void)::sigaction(SIGCHLD, &sigchld_, nullptr);
  SetSignalMask(mask_);
}

}  // namespace reloc
