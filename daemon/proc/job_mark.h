// What shows that a process belongs to a job although its parents do not lead there any more: a daemon that a
// program of the job has left behind. See ADR 0016 for the marks, and for what else was tried.
#pragma once

#include <stdint.h>
#include <sys/types.h>

#include <optional>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "reloc/launch/caller.h"

namespace reloc {

// Of a job, told apart from all others on this host since it booted.
struct JobMark {
  // The engine userns: no process outside of the job is in both of these. Zeros if the job has no such mark.
  ProcessNamespaces namespaces;
  // All engines: CLOCK_MONOTONIC when relocd heard of the launch, shortly after the time in RELOC_JOB.
  absl::Duration heard;
};

// Of a process. Zeros where it has ended, or is not ours to look at. Blocks while it is stuck in execve(2):
// see stall_guard.h.
ProcessNamespaces ReadNamespaces(pid_t pid);

// The mark of a process of `engine userns` that has told these of itself. `shared_root`: it has joined a
// root that relocd keeps, so that only its UTS namespace is its own. Without any: zeros.
ProcessNamespaces MarkOf(const ProcessNamespaces& process, bool shared_root);

// RELOC_JOB as a process's environment has it, or that of its tracer.
struct EnvironmentMark {
  pid_t pid = 0;            // the job's main process
  absl::Duration launched;  // CLOCK_MONOTONIC
  // True if this is the mark of the job whose main process is `main` and whose launch was heard of then.
  bool IsOf(pid_t main, absl::Duration heard) const;
};
std::optional<EnvironmentMark> ParseEnvironmentMark(absl::string_view environment);
std::optional<EnvironmentMark> ReadEnvironmentMark(pid_t pid);

}  // namespace reloc
