// bench_slowfs: measures how long programs of a pack on a slow file system take to start, and how many
// requests they send to it. docs/benchmarks.md explains the figures.
#include <stdio.h>
#include <stdlib.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <map>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "bench/launching/process.h"
#include "bench/launching/report.h"
#include "bench/launching/running.h"
#include "bench/launching/sampling.h"
#include "bench/launching/unprivileged.h"
#include "bench/slow/ways.h"
#include "reloc/hosted/status.h"

namespace reloc::bench {
namespace {

constexpr double kFasterMust = 10, kFasterAim = 30;
constexpr double kOperationsMust = 10, kOperationsAim = 2;

struct Options {
  int rounds = 7;
  std::vector<std::string> loads{std::begin(kLoads), std::end(kLoads)};
  bool list = false;
  std::string bin_dir;
  std::string json;
};

// One way's launches.
struct Samples {
  std::vector<double> micros;
  std::vector<double> operations;
  std::vector<double> in_vain;
  std::vector<Operation> last;
};

absl::Status LaunchOnce(const Way& way, const Command& command, SlowFiles* files, Samples* samples) {
  RELOC_RETURN_IF_ERROR(way.cold ? files->MakeCold() : files->RestartCount());
  RELOC_ASSIGN_OR_RETURN(double micros, TimeLaunch(command));
  RELOC_ASSIGN_OR_RETURN(samples->last, files->Operations());
  double operations = 0, in_vain = 0;
  for (const Operation& each : samples->last) {
    operations += static_cast<double>(each.count);
    if (each.kind == "lookup of nothing") in_vain += static_cast<double>(each.count);
  }
  samples->micros.push_back(micros);
  samples->operations.push_back(operations);
  samples->in_vain.push_back(in_vain);
  return absl::OkStatus();
}

// Launches each way once a round, in a new random order, as MeasureInterleaved does.
absl::Status MeasureRounds(const std::vector<Way>& ways, int rounds, SlowFiles* files,
                           std::vector<Samples>* samples) {
  std::vector<Command> commands;
  for (const Way& way : ways) commands.emplace_back(way.variant.arguments, way.variant.environment);
  std::vector<size_t> order(ways.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::mt19937 random(1);
  for (int round = 0; round < rounds; ++round) {
    std::shuffle(order.begin(), order.end(), random);
    for (size_t i : order) {
      if (Interrupted()) return InterruptedError();
      RELOC_RETURN_IF_ERROR(LaunchOnce(ways[i], commands[i], files, &(*samples)[i]));
    }
  }
  return absl::OkStatus();
}

void Describe(const Way& way, const Samples& samples, double local, pb::LaunchTime* time) {
  Summary summary = Summarize(samples.micros);
  time->set_median_us(summary.median);
  time->set_p90_us(summary.p90);
  time->set_ratio(summary.median / local);
  time->set_operations(Summarize(samples.operations).median);
  if (way.cold) time->set_lookups_in_vain(Summarize(samples.in_vain).median);
  if (way.variant.must > 0) {
    time->mutable_target()->set_must(way.variant.must);
    time->mutable_target()->set_aim(way.variant.aim);
  }
}

void SetLimits(double must, double aim, bool lower, pb::Figure* figure) {
  figure->set_must(must);
  figure->set_aim(aim);
  figure->set_lower_limits(lower);
}

// Shows how much a mirror gains.
void CompareWithSlow(const std::string& load, const pb::Comparison& comparison, pb::Benchmark* report) {
  std::map<std::string, const pb::LaunchTime*> times;
  for (const pb::LaunchTime& time : comparison.launches())
    if (time.unavailable().empty()) times[time.id()] = &time;
  if (!times.contains(kSlow)) return;
  for (const std::string id : {kMirror, kGraft}) {
    if (!times.contains(id)) continue;
    SetLimits(kFasterMust, kFasterAim, true,
              AddFigure(absl::StrCat(load, "_slow_to_", id), absl::StrCat(load, ", slow : ", id),
                        times[kSlow]->median_us() / times[id]->median_us(), "", report));
    SetLimits(kOperationsMust, kOperationsAim, false,
              AddFigure(absl::StrCat(load, "_operations_", id), absl::StrCat(load, ", operations, ", id),
                        times[id]->operations(), "", report));
  }
}

void List(const Way& way, const Samples& samples) {
  absl::PrintF("\n%s:\n", way.variant.description);
  for (const Operation& each : samples.last)
    absl::PrintF("%6d  %-18s %s\n", each.count, each.kind, each.path);
}

// Returns the ways that work; the report has the reason for the others.
std::vector<Way> TryWays(std::vector<Way> ways, pb::Comparison* comparison) {
  std::vector<Way> working;
  for (Way& way : ways) {
    absl::Status works = way.ready;
    works.Update(TryVariant(way.variant));
    if (works.ok()) {
      working.push_back(std::move(way));
    } else {
      pb::LaunchTime* time = comparison->add_launches();
      time->set_id(way.variant.id);
      time->set_description(way.variant.description);
      time->set_unavailable(std::string(works.message()));
    }
  }
  return working;
}

absl::Status MeasureLoad(const std::vector<Way>& all, const Load& load, const Options& options,
                         SlowFiles* files, pb::Benchmark* report) {
  pb::Comparison* comparison = report->add_comparisons();
  comparison->set_subject(load.description);
  comparison->set_rounds(static_cast<uint32_t>(options.rounds));
  const std::vector<Way> ways = TryWays(all, comparison);
  std::vector<Samples> samples(ways.size());
  RELOC_RETURN_IF_ERROR(MeasureRounds(ways, options.rounds, files, &samples));
  for (size_t i = 0; i < ways.size(); ++i) {
    pb::LaunchTime* time = comparison->add_launches();
    time->set_id(ways[i].variant.id);
    time->set_description(ways[i].variant.description);
    Describe(ways[i], samples[i], Summarize(samples[0].micros).median, time);
    if (options.list) List(ways[i], samples[i]);
  }
  CompareWithSlow(load.id, *comparison, report);
  return absl::OkStatus();
}

absl::Status Measure(const Options& options, pb::Benchmark* report) {
  RELOC_ASSIGN_OR_RETURN(SlowFiles files, SlowFiles::Find());
  // Not beside the packs, whose path is too long for grafts.
  RELOC_ASSIGN_OR_RETURN(Workspace mirrors, Workspace::Create(options.bin_dir));
  // The packs are made on the local disk, where the slow file system shows them.
  ::setenv("TMPDIR", files.disk().c_str(), 1);
  RELOC_ASSIGN_OR_RETURN(Workspace workspace, Workspace::Create(options.bin_dir));
  RELOC_ASSIGN_OR_RETURN(Daemons daemons, Daemons::Start(workspace, mirrors.Path("m")));
  RELOC_ASSIGN_OR_RETURN(std::vector<Load> loads, MakeLoads(workspace, files.disk(), options.loads));
  for (const Load& load : loads) {
    RELOC_ASSIGN_OR_RETURN(std::vector<Way> ways, daemons.MakeWays(workspace, files, load));
    RELOC_RETURN_IF_ERROR(MeasureLoad(ways, load, options, &files, report));
  }
  return absl::OkStatus();
}

int Main(int argc, char** argv) {
  Options options;
  CLI::App app("Measures how programs start whose pack lies on a slow file system.", "bench_slowfs");
  app.add_option("--rounds", options.rounds, "Launches of each kind")->check(CLI::Range(3, 100000));
  app.add_option("--load", options.loads, "python, git, libraries; default: all")
      ->delimiter(',')
      ->check(CLI::IsMember({"python", "git", "libraries"}));
  app.add_flag("--list", options.list,
               "Also list what the last launch of each kind asked the file system for");
  app.add_option("--bin", options.bin_dir, "Where relocctl and relocd lie; default: beside this program");
  app.add_option("--json", options.json, "Also write the figures to this file")->type_name("FILE");
  CLI11_PARSE(app, argc, argv);
  absl::Status ready = BecomeOrdinaryUser(argv);
  if (ready.ok()) ready = SlowFiles::Require(argv);
  if (!ready.ok()) {
    fprintf(stderr, "bench: %s\n", std::string(ready.message()).c_str());
    return 1;
  }
  return RunBenchmark(argv, options.json,
                      [&options](pb::Benchmark* report) { return Measure(options, report); });
}

}  // namespace
}  // namespace reloc::bench

int main(int argc, char** argv) { return reloc::bench::Main(argc, argv); }
