#include "bench/launching/jobs.h"

#include <sys/resource.h>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "bench/launching/sampling.h"
#include "reloc/hosted/status.h"

namespace reloc::bench {
namespace {

// For everything else that the user runs, and for the files that one process opens.
constexpr rlim_t kHeadroom = 200;

bool Allows(__rlimit_resource resource, int count) {
  struct rlimit limit;
  // Checks the hard limit: the daemon raises its soft limit to it.
  return ::getrlimit(resource, &limit) == 0 && limit.rlim_max >= static_cast<rlim_t>(count) + kHeadroom;
}

}  // namespace

LiveJobs::LiveJobs(const Daemon& daemon, std::string entry)
    : daemon_(daemon), pause_({std::move(entry), "pause"}, daemon.environment()) {}

LiveJobs::~LiveJobs() {
  for (const Process& job : jobs_) job.KillSoon();
}

absl::Status LiveJobs::GrowTo(int count) {
  while (static_cast<int>(jobs_.size()) < count) {
    if (Interrupted()) return InterruptedError();
    RELOC_ASSIGN_OR_RETURN(Process job, Process::Start(pause_));
    jobs_.push_back(std::move(job));
  }
  int known = 0;
  for (absl::Time deadline = absl::Now() + absl::Seconds(10); absl::Now() < deadline;) {
    RELOC_ASSIGN_OR_RETURN(known, daemon_.CountJobs());
    if (known >= count) return absl::OkStatus();
    absl::SleepFor(absl::Milliseconds(50));
  }
  return absl::InternalError(absl::StrCat("of ", count, " live jobs the daemon knows ", known));
}

absl::Status LiveJobs::CheckLimits(int count) {
  if (!Allows(RLIMIT_NPROC, count))
    return absl::ResourceExhaustedError("RLIMIT_NPROC (ulimit -u) is too low");
  if (!Allows(RLIMIT_NOFILE, count))
    return absl::ResourceExhaustedError("RLIMIT_NOFILE (ulimit -Hn) is too low");
  return absl::OkStatus();
}

}  // namespace reloc::bench
