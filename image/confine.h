// What parses bytes that anyone may have made gives up all that it does not need for that.
#pragma once

namespace reloc::image {

// From here on the process can read, write and map memory through the descriptors that it has, and nothing
// else: it opens and executes nothing, makes no socket and no process, and sends no signal. What it does
// besides kills it (SIGSYS). Memory and what it writes to files are limited. Where the kernel cannot filter
// system calls, the limits alone are in force. False if the kernel refused, with errno.
//
// Before there are threads. Instrumented programs (sanitizers) are left as they are: their runtimes need
// more.
bool Confine();

// Ends the process after so many seconds on a processor. For what somebody waits for.
void LimitTime(unsigned seconds);

}  // namespace reloc::image
