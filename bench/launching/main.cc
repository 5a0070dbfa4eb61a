// bench_launch: measures how long programs of a pack take to start, beside the same program on the host and
// other launchers. docs/benchmarks.md explains the figures.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "bench/launching/footprint.h"
#include "bench/launching/growth.h"
#include "bench/launching/mirrors.h"
#include "bench/launching/packs.h"
#include "bench/launching/restart.h"
#include "bench/launching/running.h"
#include "bench/launching/variants.h"
#include "reloc/hosted/status.h"

namespace reloc::bench {
namespace {

struct Options {
  int rounds = 300;
  std::vector<std::string> program = {"true"};
  std::string only;  // IDs, separated by commas; empty: all
  std::string bin_dir;
  std::string json;
  bool growth = false;
  bool footprint = false;
  bool restart = false;
};

// Keeps native, which everything is compared with, and what was requested.
absl::Status Select(const std::string& ids, std::vector<Variant>* variants) {
  if (ids.empty()) return absl::OkStatus();
  const std::vector<std::string> only = absl::StrSplit(ids, ',');
  std::vector<std::string> known;
  for (const Variant& variant : *variants) known.push_back(variant.id);
  for (const std::string& id : only) {
    if (std::find(known.begin(), known.end(), id) != known.end()) continue;
    return absl::InvalidArgumentError(
        absl::StrCat("--only ", id, ": no such way to launch (", absl::StrJoin(known, ", "), ")"));
  }
  std::erase_if(*variants, [&only](const Variant& variant) {
    return variant.id != kNative && std::find(only.begin(), only.end(), variant.id) == only.end();
  });
  return absl::OkStatus();
}

absl::Status MeasureLaunches(const Workspace& workspace, const Options& options, pb::Benchmark* report) {
  std::vector<std::string> program = options.program;
  program[0] = FindProgram(options.program[0]);
  if (program[0].empty()) return absl::NotFoundError(absl::StrCat(options.program[0], ": no such program"));
  program[0] = std::filesystem::canonical(program[0]);
  pb::Comparison* comparison = report->add_comparisons();
  comparison->set_subject(absl::StrJoin(program, " "));
  comparison->set_rounds(static_cast<uint32_t>(options.rounds));
  RELOC_ASSIGN_OR_RETURN(std::string entry, PackHostPrograms(workspace, "host-pack", {program[0]}));
  RELOC_ASSIGN_OR_RETURN(Daemon daemon, Daemon::Start(workspace, "launches"));
  RELOC_RETURN_IF_ERROR(PublishGraft(workspace, daemon, entry).status());
  std::vector<Variant> variants = MakeVariants(workspace, daemon, program, entry);
  RELOC_RETURN_IF_ERROR(Select(options.only, &variants));
  return MeasureVariants(variants, comparison);
}

absl::Status Measure(const Options& options, pb::Benchmark* report) {
  RELOC_ASSIGN_OR_RETURN(Workspace workspace, Workspace::Create(options.bin_dir));
  if (options.growth) RELOC_RETURN_IF_ERROR(MeasureGrowth(workspace, options.rounds, report));
  if (options.footprint) RELOC_RETURN_IF_ERROR(MeasureFootprint(workspace, report));
  if (options.restart) RELOC_RETURN_IF_ERROR(MeasureRestart(workspace, report));
  if (options.growth || options.footprint || options.restart) return absl::OkStatus();
  return MeasureLaunches(workspace, options, report);
}

void AddOptions(CLI::App& app, Options* options) {
  // As with env(1), everything after the first word that is no option belongs to the program.
  app.prefix_command();
  app.add_option("--rounds", options->rounds, "Launches of each kind")->check(CLI::Range(10, 1000000));
  app.add_option("--only", options->only, "Ways to launch, beside native")->type_name("ID,ID,...");
  app.add_option("--bin", options->bin_dir, "Where relocctl and relocd lie; default: beside this program");
  app.add_option("--json", options->json, "Also write the figures to this file")->type_name("FILE");
  app.add_flag("--growth", options->growth,
               "Instead: how a launch grows with roots, live jobs and store items");
  app.add_flag("--footprint", options->footprint,
               "Instead: relocd's memory and wake-ups at rest, the shim's size");
  app.add_flag("--restart", options->restart,
               "Instead: how long a relocd that was killed is missed, with 1,000 live jobs");
  app.footer(
      "What follows the options is the host's program to launch, with its arguments; default: true.\n"
      "Example: bench_launch --rounds 500 -- sed --version");
}

void TakeProgram(std::vector<std::string> words, Options* options) {
  if (!words.empty() && words[0] == "--") words.erase(words.begin());
  if (!words.empty()) options->program = std::move(words);
}

int Main(int argc, char** argv) {
  Options options;
  CLI::App app("Measures how long programs of a pack take to start.", "bench_launch");
  AddOptions(app, &options);
  CLI11_PARSE(app, argc, argv);
  TakeProgram(app.remaining(), &options);
  return RunBenchmark(argv, options.json,
                      [&options](pb::Benchmark* report) { return Measure(options, report); });
}

}  // namespace
}  // namespace reloc::bench

int main(int argc, char** argv) { return reloc::bench::Main(argc, argv); }
