// The launcher: the parent of a job that goes on without its caller.
//
//   relocctl run ── fork ──> launcher ── fork ──> the job
//        └─── socket pair ──────┘ └── terminal or pipe ──┘
//
// It is born of the caller, so that the job has all that no unprivileged daemon could give it (groups, hard
// limits, cgroup, namespaces), leaves the caller's session, holds none of its descriptors, and stays until
// the job has ended (reloc/job/job_host.h). There is one for each job. relocd knows the job
// (reloc/job/reservation.h), but neither needs the other to live. See docs/adr/0014-launcher.md.
#pragma once

#include "absl/status/statusor.h"
#include "reloc/base/unique_fd.h"
#include "reloc/job/caller_signals.h"
#include "reloc/job/job_process.h"
#include "reloc/job/reservation.h"
#include "reloc/job/terminal.h"
#include "reloc/launch/launch_log.h"

namespace reloc {

// What of the standard descriptors is the job's own terminal.
enum class PtyUse {
  kNone,
  kForTerminals,  // those that are terminals of the caller's
  kForAll,
};

struct LauncherRequest {
  bool detached = false;  // in a session without the caller's terminal, with none of its descriptors
  PtyUse pty = PtyUse::kNone;
  const Reservation* reservation = nullptr;  // nullptr: no daemon knows the job
  const CallerSignals* signals = nullptr;
  const Terminal* terminal = nullptr;  // the caller's
  bool debug = false;                  // RELOC_DEBUG
  JobLaunch launch;
};

// Forks the launcher. Returns the socket on which it tells what happens (reloc/job/attach_protocol.h):
// kLaunched, or kNotLaunched after a line on stderr. Whoever called is the first to be attached to the job.
absl::StatusOr<UniqueFd> StartLauncher(const LauncherRequest& request);

}  // namespace reloc
