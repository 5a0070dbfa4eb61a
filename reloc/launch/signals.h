// For a process that stands for another one: ending and stopping as that one did, and telling the signals
// that are meant for it from those that the terminal has sent to both.
#pragma once

#include <signal.h>
#include <sys/signalfd.h>

namespace reloc {

// Returns the set of all signals; sigfillset(3) leaves out two that the C library uses itself.
sigset_t EverySignal();

// The next two are for processes that block all signals.

// Lets `signal` act on this process by its default action.
void Suffer(int signal);

// Ends this process as the one ended that `wait_status`, as of waitpid(2), tells of.
[[noreturn]] void EndAs(int wait_status);

// True if the terminal sent this signal to the whole foreground process group.
bool IsFromTerminal(const signalfd_siginfo& info);

}  // namespace reloc
