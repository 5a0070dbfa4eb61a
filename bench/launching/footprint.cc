#include "bench/launching/footprint.h"

#include <filesystem>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "bench/launching/daemon.h"
#include "bench/launching/jobs.h"
#include "bench/launching/packs.h"
#include "bench/launching/proc.h"
#include "bench/launching/report.h"
#include "bench/launching/sampling.h"
#include "bench/launching/variants.h"
#include "reloc/hosted/status.h"

namespace reloc::bench {
namespace {

namespace fs = std::filesystem;

constexpr int kJobs = 1000;
// After the last launch: by then the daemon has finished what it defers (closing a control connection's
// threads).
constexpr absl::Duration kSettling = absl::Seconds(12);
constexpr absl::Duration kRest = absl::Seconds(10);

absl::Status Sleep(absl::Duration duration) {
  for (absl::Time end = absl::Now() + duration; absl::Now() < end;) {
    if (Interrupted()) return InterruptedError();
    absl::SleepFor(absl::Milliseconds(100));
  }
  return absl::OkStatus();
}

double Megabytes(int64_t kilobytes) { return static_cast<double>(kilobytes) / 1024; }

}  // namespace

absl::Status MeasureFootprint(const Workspace& workspace, pb::Benchmark* report) {
  RELOC_ASSIGN_OR_RETURN(std::string entry, PackProbe(workspace, "footprint-pack", 1));
  RELOC_ASSIGN_OR_RETURN(Daemon daemon, Daemon::Start(workspace, "footprint"));
  LiveJobs jobs(daemon, entry);
  // One job, and one query for it: from now on all code has been used once.
  RELOC_RETURN_IF_ERROR(jobs.GrowTo(1));
  RELOC_RETURN_IF_ERROR(Sleep(kSettling));
  int64_t at_rest = ResidentKilobytes(daemon.pid());
  int64_t switches = WakeUps(daemon.pid());
  RELOC_RETURN_IF_ERROR(Sleep(kRest));
  switches = WakeUps(daemon.pid()) - switches;
  RELOC_RETURN_IF_ERROR(jobs.GrowTo(kJobs + 1));
  RELOC_RETURN_IF_ERROR(Sleep(kSettling));
  int64_t with_jobs = ResidentKilobytes(daemon.pid());

  fs::path shim = fs::path(entry).parent_path().parent_path() / ".reloc/shim";
  std::error_code error;
  double shim_size = static_cast<double>(fs::file_size(shim, error)) / 1024;
  if (error) return absl::InternalError(absl::StrCat("cannot read the size of ", shim.string()));
  AddFigure("rss", "relocd at rest, resident", Megabytes(at_rest), "MB", report)->set_must(25);
  AddFigure("rss_jobs", "1,000 live jobs add, resident", Megabytes(with_jobs - at_rest), "MB", report)
      ->set_must(2);
  AddFigure("wake_ups", "wake-ups of relocd in 10 s of rest", static_cast<double>(switches), "", report)
      ->set_must(0);
  AddFigure("shim", "size of the shim", shim_size, "KB", report)->set_must(64);
  return absl::OkStatus();
}

}  // namespace reloc::bench
