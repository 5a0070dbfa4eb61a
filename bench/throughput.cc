// bench_throughput: measures how many launches a second many clients make together, through a pack with the
// daemon against natively, and how much memory relocd keeps for them. docs/benchmarks.md explains the
// figures.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "bench/launching/clients.h"
#include "bench/launching/daemon.h"
#include "bench/launching/packs.h"
#include "bench/launching/proc.h"
#include "bench/launching/report.h"
#include "bench/launching/running.h"
#include "bench/launching/sampling.h"
#include "bench/launching/variants.h"
#include "reloc/hosted/status.h"

namespace reloc::bench {
namespace {

constexpr double kThroughputMust = 0.75, kThroughputAim = 0.9;
constexpr double kMemoryMust = 5, kMemoryAim = 1;  // percent
constexpr int64_t kFewLaunches = 1000;
constexpr int64_t kManyLaunches = 100'000;

struct Options {
  int rounds = 10;
  double seconds = 1;
  int clients = kClients;
  int64_t memory = 0;
  std::string bin_dir;
  std::string json;
};

struct Subject {
  Command native;
  Command launch;
};

double PerLaunch(absl::Duration time, const Burst& burst) {
  return absl::ToDoubleMicroseconds(time) / static_cast<double>(burst.launches);
}

// Bursts alternate, and the result is the ratio of two consecutive ones: the machine's condition affects
// both.
absl::Status MeasureThroughput(const Subject& subject, const Daemon& daemon, const Options& options,
                               pb::Benchmark* report) {
  std::vector<double> native, launch, ratio, busy, work;
  for (int round = 0; round < options.rounds; ++round) {
    absl::Duration length = absl::Seconds(options.seconds);
    RELOC_ASSIGN_OR_RETURN(Burst natively, LaunchFor(subject.native, options.clients, length));
    absl::Duration before = ProcessorTime(daemon.pid());
    RELOC_ASSIGN_OR_RETURN(Burst launched, LaunchFor(subject.launch, options.clients, length));
    absl::Duration used = ProcessorTime(daemon.pid()) - before;
    native.push_back(natively.per_second());
    launch.push_back(launched.per_second());
    ratio.push_back(launch.back() / native.back());
    busy.push_back(PerLaunch(used, launched));
    work.push_back((PerLaunch(launched.processor, launched) + busy.back()) /
                   PerLaunch(natively.processor, natively));
  }
  AddFigure("native", "launches a second, the program itself", Summarize(native).median, "", report);
  AddFigure("launch", "launches a second, shim with daemon", Summarize(launch).median, "", report);
  pb::Figure* figure =
      AddFigure("throughput", "shim with daemon : itself", Summarize(ratio).median, "", report);
  figure->set_must(kThroughputMust);
  figure->set_aim(kThroughputAim);
  figure->set_lower_limits(true);
  AddFigure("daemon_cpu", "relocd's processor time for a launch", Summarize(busy).median, "us", report);
  // This ratio is the same on a busy machine.
  AddFigure("work", "processor time, relocd's included : itself", Summarize(work).median, "", report);
  return absl::OkStatus();
}

// Measured once it has processed all messages of the clients.
double SettledMegabytes(pid_t daemon) {
  absl::Duration before;
  do {
    before = ProcessorTime(daemon);
    absl::SleepFor(absl::Milliseconds(500));
  } while (ProcessorTime(daemon) != before && !Interrupted());
  return static_cast<double>(ResidentKilobytes(daemon)) / 1024;
}

absl::Status MeasureMemory(const Subject& subject, const Daemon& daemon, const Options& options,
                           pb::Benchmark* report) {
  RELOC_RETURN_IF_ERROR(LaunchTimes(subject.launch, options.clients, kFewLaunches).status());
  double few = SettledMegabytes(daemon.pid());
  RELOC_RETURN_IF_ERROR(LaunchTimes(subject.launch, options.clients, options.memory - kFewLaunches).status());
  double many = SettledMegabytes(daemon.pid());
  AddFigure("rss_few", absl::StrCat("relocd after ", kFewLaunches, " launches, resident"), few, "MB", report);
  AddFigure("rss_many", absl::StrCat("relocd after ", options.memory, " launches, resident"), many, "MB",
            report);
  pb::Figure* growth = AddFigure("rss_growth", "more by", (many / few - 1) * 100, "%", report);
  growth->set_must(kMemoryMust);
  growth->set_aim(kMemoryAim);
  return absl::OkStatus();
}

absl::Status Measure(const Options& options, pb::Benchmark* report) {
  RELOC_ASSIGN_OR_RETURN(Workspace workspace, Workspace::Create(options.bin_dir));
  std::string program = FindProgram("true");
  if (program.empty()) return absl::NotFoundError("true: no such program");
  program = std::filesystem::canonical(program);
  RELOC_ASSIGN_OR_RETURN(std::string entry, PackHostPrograms(workspace, "host-pack", {program}));
  RELOC_ASSIGN_OR_RETURN(Daemon daemon, Daemon::Start(workspace, "throughput"));
  const Environment served = With(daemon.environment(), {{"RELOC_ENGINE", "userns"}});
  RELOC_RETURN_IF_ERROR(TryVariant({.id = "daemon",
                                    .description = "",
                                    .arguments = {entry},
                                    .environment = served,
                                    .evidence = kJoinedEvidence}));
  Subject subject{Command({program}, workspace.BaseEnvironment()), Command({entry}, served)};
  return options.memory > 0 ? MeasureMemory(subject, daemon, options, report)
                            : MeasureThroughput(subject, daemon, options, report);
}

int Main(int argc, char** argv) {
  Options options;
  CLI::App app("Measures how many programs of a pack many clients start together.", "bench_throughput");
  app.add_option("--rounds", options.rounds, "Bursts of each kind")->check(CLI::Range(1, 100000));
  app.add_option("--seconds", options.seconds, "How long a burst lasts")->check(CLI::Range(0.01, 1000.0));
  app.add_option("--clients", options.clients, "How many launch at once")->check(CLI::Range(1, 1000));
  app.add_option("--memory", options.memory,
                 "Instead: how relocd's memory grows from 1000 to so many launches (100000)")
      ->expected(0, 1)
      ->default_str(std::to_string(kManyLaunches))
      ->check(CLI::Range(kFewLaunches + 1, int64_t{1'000'000'000}));
  app.add_option("--bin", options.bin_dir, "Where relocctl and relocd lie; default: beside this program");
  app.add_option("--json", options.json, "Also write the figures to this file")->type_name("FILE");
  CLI11_PARSE(app, argc, argv);
  return RunBenchmark(argv, options.json,
                      [&options](pb::Benchmark* report) { return Measure(options, report); });
}

}  // namespace
}  // namespace reloc::bench

int main(int argc, char** argv) { return reloc::bench::Main(argc, argv); }
