#include "reloc/launch/signals.h"

#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "reloc/launch/tracer_link.h"

namespace reloc {

sigset_t EverySignal() {
  sigset_t all;
  memset(&all, 0xff, sizeof all);
  return all;
}

void TakeDefaultAction(int signal) {
  (void)::signal(signal, SIG_DFL);  // fails for SIGKILL and SIGSTOP, which do not need it
  ::kill(::getpid(), signal);
  SetSignalMask(kAllSignals & ~SignalBit(signal));
  SetSignalMask(kAllSignals);
}

void EndAs(int wait_status) {
  if (WIFEXITED(wait_status)) ::_exit(WEXITSTATUS(wait_status));
  // A core dump, if there is one, belongs to the program and not to us. RLIMIT_CORE alone does not keep the
  // kernel from piping one to a core handler.
  struct rlimit none = {0, 0};
  ::setrlimit(RLIMIT_CORE, &none);
  ::prctl(PR_SET_DUMPABLE, 0);
  TakeDefaultAction(WTERMSIG(wait_status));
  ::_exit(128 + WTERMSIG(wait_status));
}

bool IsFromTerminal(const signalfd_siginfo& info) {
  if (info.ssi_code != SI_KERNEL) return false;
  switch (info.ssi_signo) {
    case SIGINT:
    case SIGQUIT:
    case SIGTSTP:
    case SIGTTIN:
    case SIGTTOU:
    case SIGWINCH:
      return true;
    case SIGHUP:  // of a closed terminal; the leader of its session, which the program is not, gets it too
      return ::getsid(0) != ::getpid();
    default:
      return false;
  }
}

}  // namespace reloc
