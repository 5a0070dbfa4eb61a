// The launcher: the parent of a job that outlives its caller.
//
//   relocctl run ── fork ──> launcher ── fork ──> the job
//        └─── socket pair ──────┘ └── terminal or pipe ──┘
//
// It is a child of the caller, so that the job has everything that an unprivileged daemon could not give it
// (groups, hard limits, cgroup, namespaces). It leaves the caller's session, keeps none of the caller's
// descriptors, and runs until the job has ended (reloc/job/job_host.h). There is one for each job. relocd
// knows the job (reloc/job/reservation.h), but each of them works without the other. See
// docs/adr/0014-launcher.md.
#pragma once

#include "absl/status/statusor.h"
#include "reloc/base/unique_fd.h"
#include "reloc/job/caller_signals.h"
#include "reloc/job/job_process.h"
#include "reloc/job/reservation.h"
#include "reloc/job/terminal.h"
#include "reloc/launch/launch_log.h"

namespace reloc {

// Which standard descriptors are the job's own terminal.
enum class PtyUse {
  kNone,
  kForTerminals,  // those that are terminals for the caller
  kForAll,
};

struct LauncherRequest {
  bool detached = false;  // in a session without the caller's terminal, and without its descriptors
  PtyUse pty = PtyUse::kNone;
  const Reservation* reservation = nullptr;  // nullptr: no daemon knows the job
  const CallerSignals* signals = nullptr;
  const Terminal* terminal = nullptr;  // the caller's
  bool debug = false;                  // RELOC_DEBUG
  JobLaunch launch;
};

// Forks the launcher. Returns the socket on which it reports (reloc/job/attach_protocol.h): kLaunched, or
// kNotLaunched after a line on stderr. The caller is the first client attached to the job.
absl::StatusOr<UniqueFd> StartLauncher(const LauncherRequest& request);

}  // namespace reloc
