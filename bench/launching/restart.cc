#include "bench/launching/restart.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "bench/launching/daemon.h"
#include "bench/launching/jobs.h"
#include "bench/launching/packs.h"
#include "bench/launching/report.h"
#include "bench/launching/sampling.h"
#include "reloc/hosted/status.h"
#include "reloc/launch/launch_log.h"

namespace reloc::bench {
namespace {

constexpr char kName[] = "restart";
constexpr int kJobs = 1000;
constexpr int kRounds = 15;

// Launches until the daemon has published a root, as it does for the first launch that asks.
absl::Status AwaitService(const Daemon& daemon, const Command& launch) {
  for (int tries = 0; tries < 100; ++tries) {
    RELOC_RETURN_IF_ERROR(TimeLaunch(launch).status());
    RELOC_ASSIGN_OR_RETURN(int roots, daemon.CountRoots());
    if (roots > 0) return absl::OkStatus();
  }
  return absl::UnavailableError("the new relocd serves no launches");
}

using Daemons = std::vector<std::unique_ptr<Daemon>>;  // the last one runs

absl::Status AddDaemon(const Workspace& workspace, Daemons* daemons) {
  RELOC_ASSIGN_OR_RETURN(Daemon daemon, Daemon::Start(workspace, kName));
  daemons->push_back(std::make_unique<Daemon>(std::move(daemon)));
  return absl::OkStatus();
}

// Returns the milliseconds of one restart.
absl::StatusOr<double> TimeRestart(const Workspace& workspace, const Command& launch, Daemons* daemons) {
  daemons->back()->Kill();
  const uint64_t start = MonotonicMicros();
  RELOC_RETURN_IF_ERROR(AddDaemon(workspace, daemons));
  RELOC_RETURN_IF_ERROR(AwaitService(*daemons->back(), launch));
  return static_cast<double>(MonotonicMicros() - start) / 1000;
}

absl::StatusOr<Summary> TimeRestarts(const Workspace& workspace, const std::string& entry, int jobs) {
  Daemons daemons;
  RELOC_RETURN_IF_ERROR(AddDaemon(workspace, &daemons));
  LiveJobs live(*daemons[0], entry);
  RELOC_RETURN_IF_ERROR(live.GrowTo(jobs));
  Command launch({entry}, daemons[0]->environment());
  std::vector<double> times;
  for (int round = 0; round < kRounds; ++round) {
    if (Interrupted()) return InterruptedError();
    RELOC_ASSIGN_OR_RETURN(double time, TimeRestart(workspace, launch, &daemons));
    times.push_back(time);
    RELOC_ASSIGN_OR_RETURN(int known, daemons.back()->CountJobs());
    if (known < jobs) return absl::InternalError(absl::StrCat("of ", jobs, " jobs relocd knows ", known));
  }
  return Summarize(std::move(times));
}

}  // namespace

absl::Status MeasureRestart(const Workspace& workspace, pb::Benchmark* report) {
  RELOC_RETURN_IF_ERROR(LiveJobs::CheckLimits(kJobs));
  RELOC_ASSIGN_OR_RETURN(std::string entry, PackProbe(workspace, "restart-pack", 1));
  RELOC_ASSIGN_OR_RETURN(Summary none, TimeRestarts(workspace, entry, 0));
  RELOC_ASSIGN_OR_RETURN(Summary many, TimeRestarts(workspace, entry, kJobs));
  AddFigure("restart", "restart to first launch served, no jobs", none.median, "ms", report)->set_must(250);
  pb::Figure* jobs = AddFigure("restart_jobs", "the same with 1,000 live jobs", many.median, "ms", report);
  jobs->set_must(250);
  jobs->set_aim(100);
  AddFigure("restart_jobs_p90", "the same, 90th percentile", many.p90, "ms", report)->set_must(250);
  return absl::OkStatus();
}

}  // namespace reloc::bench
