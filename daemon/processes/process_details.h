// What /proc says of one process beside what it uses. Waits, so only through a StallGuard.
#pragma once

#include <sys/types.h>

#include <string>

#include "proto/control.pb.h"

namespace reloc {

// Its arguments, and how much it has read and written.
void AddResources(pid_t pid, relocd::v1::Process* process);
// Its working directory and its terminal.
void AddPlace(pid_t pid, relocd::v1::Process* process);
// /proc/PID/cgroup without the last line's end.
std::string ReadCgroup(pid_t pid);

}  // namespace reloc
