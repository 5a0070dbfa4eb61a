#include "bench/launching/growth.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "bench/launching/daemon.h"
#include "bench/launching/jobs.h"
#include "bench/launching/packs.h"
#include "bench/launching/sampling.h"
#include "bench/launching/variants.h"
#include "reloc/hosted/status.h"

namespace reloc::bench {
namespace {

constexpr int kRootCounts[] = {1, 10, 100, 1000};
constexpr int kJobCounts[] = {1, 100, 1000, 5000};
constexpr int kItemCounts[] = {10, 100, 1000, 10000};

pb::Growth* AddGrowth(const std::string& of, int rounds, pb::Benchmark* report) {
  pb::Growth* growth = report->add_growths();
  growth->set_rounds(static_cast<uint32_t>(rounds));
  growth->set_of(of);
  growth->mutable_target()->set_must(1.25);
  growth->mutable_target()->set_aim(1.05);
  return growth;
}

void SetPoint(const Summary& native, const Summary& launch, pb::GrowthPoint* point) {
  point->set_native_us(native.median);
  point->set_launch_us(launch.median);
  point->set_ratio(launch.median / native.median);
}

// Computes the ratio of the last measured point to the first.
void Finish(pb::Growth* growth) {
  double first = 0, last = 0;
  for (const pb::GrowthPoint& point : growth->points()) {
    if (!point.unavailable().empty()) continue;
    if (first == 0) first = point.ratio();
    last = point.ratio();
  }
  if (first > 0) growth->set_growth(last / first);
}

absl::Status CheckJoins(const Daemon& daemon, const std::string& entry) {
  return TryVariant({.id = "growth",
                     .description = "",
                     .arguments = {entry},
                     .environment = daemon.environment(),
                     .evidence = kJoinedEvidence});
}

// Measures one point: launches of the probe at `entry`, interleaved with native ones.
absl::Status MeasurePoint(const Workspace& workspace, const Daemon& daemon, const std::string& entry,
                          int count, int rounds, pb::Growth* growth) {
  RELOC_RETURN_IF_ERROR(CheckJoins(daemon, entry));
  Command native({workspace.probe()}, workspace.BaseEnvironment());
  Command launch({entry}, daemon.environment());
  RELOC_ASSIGN_OR_RETURN(std::vector<Summary> times, MeasureInterleaved({&native, &launch}, rounds));
  pb::GrowthPoint* point = growth->add_points();
  point->set_count(static_cast<uint32_t>(count));
  SetPoint(times[0], times[1], point);
  return absl::OkStatus();
}

// Every root belongs to a pack of its own; the launches that are measured use the first.
absl::Status GrowRoots(const Workspace& workspace, const std::string& entry, int rounds, pb::Growth* growth) {
  RELOC_ASSIGN_OR_RETURN(Daemon daemon, Daemon::Start(workspace, "roots"));
  int roots = 1;
  for (int count : kRootCounts) {
    for (; roots < count; ++roots) {
      if (Interrupted()) return InterruptedError();
      RELOC_ASSIGN_OR_RETURN(std::string copy, CopyPack(workspace, entry, absl::StrCat("copy-", roots)));
      RELOC_ASSIGN_OR_RETURN(Captured launched, Capture(Command({copy}, daemon.environment())));
      if (!launched.succeeded()) return absl::InternalError(ErrorOf(launched));
    }
    RELOC_RETURN_IF_ERROR(MeasurePoint(workspace, daemon, entry, count, rounds, growth));
    RELOC_ASSIGN_OR_RETURN(int published, daemon.CountRoots());
    if (published < count) return absl::InternalError(absl::StrCat(published, " roots instead of ", count));
  }
  return absl::OkStatus();
}

absl::Status GrowJobs(const Workspace& workspace, const std::string& entry, int rounds, pb::Growth* growth) {
  RELOC_ASSIGN_OR_RETURN(Daemon daemon, Daemon::Start(workspace, "jobs"));
  LiveJobs jobs(daemon, entry);
  for (int count : kJobCounts) {
    if (absl::Status allowed = LiveJobs::CheckLimits(count); !allowed.ok()) {
      pb::GrowthPoint* point = growth->add_points();
      point->set_count(static_cast<uint32_t>(count));
      point->set_unavailable(std::string(allowed.message()));
      continue;
    }
    RELOC_RETURN_IF_ERROR(jobs.GrowTo(count));
    RELOC_RETURN_IF_ERROR(MeasurePoint(workspace, daemon, entry, count, rounds, growth));
  }
  return absl::OkStatus();
}

// Packs of all sizes exist at the same time, hence all points are measured in the same rounds.
absl::Status GrowItems(const Workspace& workspace, int rounds, pb::Growth* growth) {
  RELOC_ASSIGN_OR_RETURN(Daemon daemon, Daemon::Start(workspace, "items"));
  std::vector<Command> commands;
  commands.emplace_back(std::vector<std::string>{workspace.probe()}, workspace.BaseEnvironment());
  for (int count : kItemCounts) {
    RELOC_ASSIGN_OR_RETURN(std::string entry, PackProbe(workspace, absl::StrCat("items-", count), count));
    RELOC_RETURN_IF_ERROR(CheckJoins(daemon, entry));
    commands.emplace_back(std::vector<std::string>{entry}, daemon.environment());
    growth->add_points()->set_count(static_cast<uint32_t>(count));
  }
  std::vector<const Command*> measured;
  for (const Command& command : commands) measured.push_back(&command);
  RELOC_ASSIGN_OR_RETURN(std::vector<Summary> times, MeasureInterleaved(measured, rounds));
  for (int i = 0; i < growth->points_size(); ++i) {
    SetPoint(times[0], times[static_cast<size_t>(i) + 1], growth->mutable_points(i));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status MeasureGrowth(const Workspace& workspace, int rounds, pb::Benchmark* report) {
  RELOC_ASSIGN_OR_RETURN(std::string entry, PackProbe(workspace, "probe-pack", 1));
  RELOC_RETURN_IF_ERROR(GrowRoots(workspace, entry, rounds, AddGrowth("roots", rounds, report)));
  RELOC_RETURN_IF_ERROR(GrowJobs(workspace, entry, rounds, AddGrowth("jobs", rounds, report)));
  RELOC_RETURN_IF_ERROR(GrowItems(workspace, rounds, AddGrowth("items", rounds, report)));
  for (pb::Growth& growth : *report->mutable_growths()) Finish(&growth);
  return absl::OkStatus();
}

}  // namespace reloc::bench
