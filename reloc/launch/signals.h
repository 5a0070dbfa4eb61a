// Lets a process represent another one: it ends and stops like that one, and distinguishes signals that are
// meant for it from those that the terminal has sent to both.
#pragma once

#include <signal.h>
#include <sys/signalfd.h>

namespace reloc {

// Returns the set of all signals; sigfillset(3) leaves out two that the C library uses itself.
sigset_t EverySignal();

// The next two functions are for processes that block all signals.

// Performs the default action of `signal` on this process.
void TakeDefaultAction(int signal);

// Ends this process as the other one ended, according to `wait_status` (see waitpid(2)).
[[noreturn]] void EndAs(int wait_status);

// Returns true if the terminal sent this signal to the whole foreground process group.
bool IsFromTerminal(const signalfd_siginfo& info);

}  // namespace reloc
