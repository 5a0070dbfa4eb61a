// bench_engines: measures what running programs cost under each engine, beside the same programs on the host
// and under other launchers. docs/benchmarks.md explains the figures.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "bench/launching/daemon.h"
#include "bench/launching/mirrors.h"
#include "bench/launching/running.h"
#include "bench/launching/variants.h"
#include "bench/workloads/workloads.h"
#include "reloc/hosted/status.h"

namespace reloc::bench {
namespace {

struct Options {
  int rounds = 10;
  std::vector<std::string> workloads;
  std::string bin_dir;
  std::string json;
};

// `graft`: the path of a grafted mirror of the pack.
std::vector<Variant> MakeEngineVariants(const Workspace& workspace, const Daemon& daemon,
                                        const std::string& graft, const Workload& load) {
  const Environment host = With(workspace.BaseEnvironment(), load.native_environment);
  const Environment packed = With(workspace.BaseEnvironment(), load.packed_environment);
  auto engine = [&packed](const char* name) {
    return With(packed, {{"RELOC_ENGINE", name}, {"RELOC_DAEMON", "off"}});
  };
  const Environment served = With(packed, With(daemon.environment(), {{"RELOC_ENGINE", "userns"}}));
  return {
      {.id = kNative, .description = "the program itself", .arguments = load.native, .environment = host},
      {.id = "userns",
       .description = "userns, with daemon",
       .arguments = load.packed,
       .environment = served,
       .evidence = kJoinedEvidence,
       .must = load.userns.must,
       .aim = load.userns.aim},
      {.id = "graft",
       .description = "graft, with daemon",
       .arguments = load.packed,
       .environment = With(InGraft(served, graft), {{"RELOC_ENGINE", "graft"}}),
       .must = load.graft.must,
       .aim = load.graft.aim},
      {.id = "fakechroot",
       .description = "fakechroot",
       .arguments = load.packed,
       .environment = engine("fakechroot"),
       .must = load.fakechroot.must,
       .aim = load.fakechroot.aim},
      {.id = "proot", .description = "proot", .arguments = load.packed, .environment = engine("proot")},
      {.id = kBubblewrap,
       .description = "peer: bwrap --dev-bind / /",
       .arguments = Peer("bwrap", {"--dev-bind", "/", "/"}, load.native),
       .environment = host},
      {.id = "peer-fakechroot",
       .description = "peer: fakechroot, without a root",
       .arguments = Peer("fakechroot", {}, load.native),
       .environment = host},
      {.id = "peer-proot",
       .description = "peer: proot -b /usr:/relocd-benchmark",
       .arguments = Peer("proot", {"-b", "/usr:/relocd-benchmark"}, load.native),
       .environment = host},
      {.id = "peer-proot-plain",
       .description = "peer: the same, PROOT_NO_SECCOMP=1",
       .arguments = Peer("proot", {"-b", "/usr:/relocd-benchmark"}, load.native),
       .environment = With(host, {{"PROOT_NO_SECCOMP", "1"}})},
  };
}

bool Wanted(const Options& options, const Workload& load) {
  return options.workloads.empty() ||
         std::find(options.workloads.begin(), options.workloads.end(), load.id) != options.workloads.end();
}

absl::Status Measure(const Options& options, pb::Benchmark* report) {
  RELOC_ASSIGN_OR_RETURN(Workspace workspace, Workspace::Create(options.bin_dir));
  RELOC_ASSIGN_OR_RETURN(std::vector<Workload> workloads, MakeWorkloads(workspace));
  RELOC_ASSIGN_OR_RETURN(Daemon daemon, Daemon::Start(workspace, "engines"));
  for (const Workload& load : workloads) {
    if (!Wanted(options, load)) continue;
    pb::Comparison* comparison = report->add_comparisons();
    comparison->set_subject(load.description);
    comparison->set_rounds(static_cast<uint32_t>(std::max(3.0, options.rounds * load.rounds)));
    RELOC_ASSIGN_OR_RETURN(std::string graft, PublishGraft(workspace, daemon, load.packed[0]));
    RELOC_RETURN_IF_ERROR(MeasureVariants(MakeEngineVariants(workspace, daemon, graft, load), comparison));
  }
  return absl::OkStatus();
}

int Main(int argc, char** argv) {
  Options options;
  CLI::App app("Measures what programs cost under each engine.", "bench_engines");
  app.add_option("--rounds", options.rounds, "Runs of each kind; 20 times as many launches")
      ->check(CLI::Range(3, 100000));
  app.add_option("--workload", options.workloads, "launch, files, shell, python; default: all")
      ->delimiter(',')
      ->check(CLI::IsMember({"launch", "files", "shell", "python"}));
  app.add_option("--bin", options.bin_dir, "Where relocctl and relocd lie; default: beside this program");
  app.add_option("--json", options.json, "Also write the figures to this file")->type_name("FILE");
  CLI11_PARSE(app, argc, argv);
  return RunBenchmark(argv, options.json,
                      [&options](pb::Benchmark* report) { return Measure(options, report); });
}

}  // namespace
}  // namespace reloc::bench

int main(int argc, char** argv) { return reloc::bench::Main(argc, argv); }
