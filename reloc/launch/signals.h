// For a process that stands for another one: ending and stopping as that one did, and telling the signals
// that are meant for it from those that the terminal has sent to both.
#pragma once

#include <sys/signalfd.h>

namespace reloc {

// Both are for processes that block all signals.

// Lets `signal` act on this process by its default action.
void Suffer(int signal);

// Ends this process as the one ended that `wait_status`, as of waitpid(2), tells of.
[[noreturn]] void EndAs(int wait_status);

// True if the terminal sent this signal to the whole foreground process group.
bool IsFromTerminal(const signalfd_siginfo& info);

}  // namespace reloc
