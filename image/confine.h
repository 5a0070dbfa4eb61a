// Gives up all rights that a parser of untrusted bytes does not need.
#pragma once

namespace reloc::image {

// From here on the process can read, write and map memory through the descriptors that it has, and nothing
// more: it cannot open or execute files, make sockets or processes, or send signals. Any other system call
// kills it (SIGSYS). Memory and what it writes to files are limited. If the kernel cannot filter system
// calls, only the limits apply. Returns false, with errno, if the kernel refused.
//
// Call it before there are threads. It does nothing in instrumented programs (sanitizers), whose runtimes
// need more.
bool Confine();

// Ends the process after `seconds` of CPU time, for work whose result is waited for.
void LimitTime(unsigned seconds);

}  // namespace reloc::image
