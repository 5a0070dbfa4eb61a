// Each engine is really probed, with or without a daemon, and never from memory: users call this after they
// changed a setting. The results replace those that launches remember. For a program, the refusals in its
// plans are listed as well.
#include "reloc/launch/engines.h"

#include <signal.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "client/base/answering.h"
#include "client/base/format.h"
#include "client/base/installation.h"
#include "client/base/opened_pack.h"
#include "client/base/report.h"
#include "client/base/run_target.h"
#include "client/host/commands.h"
#include "reloc/cli/output.h"
#include "reloc/engine/graft.h"
#include "reloc/engine/probe.h"
#include "reloc/hosted/status.h"
#include "reloc/hosted/text.h"
#include "reloc/launch/daemon_dir.h"
#include "reloc/launch/pack_image.h"
#include "reloc/launch/probe_memory.h"

namespace reloc {
namespace {

constexpr const char* kNone = "none";

struct Chosen {
  std::string by_default;
  std::string by_performance;
  std::string from_environment;
};

// `modules`: empty if the installation is damaged, or cannot be found without /proc.
std::vector<EngineReport> ProbeAll(const std::string& modules) {
  std::vector<EngineReport> reports;
  for (Engine engine : ParseEngineChain("default").engines) {
    if (engine != Engine::kNone) reports.push_back(ProbeEngine(engine, modules));
  }
  return reports;
}

// Returns the first engine of `chain` that works.
std::string First(const EngineChain& chain, const std::vector<EngineReport>& reports) {
  for (Engine engine : chain.engines) {
    for (const EngineReport& report : reports) {
      if (report.engine == engine && report.works) return EngineName(engine);
    }
  }
  return kNone;
}

// Returns an invalid descriptor if there is none.
UniqueFd OpenDirectory() {
  PathText path;
  if (!DaemonDir(environ, &path).ok()) return UniqueFd();
  Result<DaemonDirectory> directory = OpenDaemonDir(path.c_str());
  return directory.ok() ? std::move(directory->fd) : UniqueFd();
}

void Remember(const std::vector<EngineReport>& reports, int dir) {
  if (dir < 0) return;
  // A directory that cannot be written only makes launches slower.
  const auto before = ::signal(SIGXFSZ, SIG_IGN);  // for `ulimit -f 0`
  for (const EngineReport& report : reports) {
    if (report.engine == Engine::kUserns) (void)RememberVerdict(dir, Probe::kUserns, report.verdict());
    if (report.engine == Engine::kProot) (void)RememberVerdict(dir, Probe::kProot, report.verdict());
  }
  ::signal(SIGXFSZ, before);
}

// Marks engines as failing that the program's plans refuse, whatever the host supports; and its pack may have
// a mirror.
void ApplyPlans(const std::string& plans, int daemon_dir, std::vector<EngineReport>& reports) {
  for (EngineReport& report : reports) {
    Plan plan;
    const char* damage = nullptr;
    if (!FindPlan(plans, report.engine, &plan, &damage)) {
      std::string why =
          damage == nullptr ? "there is no plan for it" : absl::StrCat("its plan is damaged: ", damage);
      report = {report.engine, false, why, "make the pack anew with this version"};
    } else if (const Step* refusal = plan.refusal()) {
      report = {report.engine, false, std::string(refusal->a), std::string(refusal->b)};
    } else if (report.engine == Engine::kGraft) {
      report = ProbeGraft(plan, daemon_dir);
    }
  }
}

// Only the engine userns gives programs of images a root, where an image can be mounted.
void ApplyImage(const std::string& image, const absl::Status& mounted, std::vector<EngineReport>& reports) {
  const std::string fix = absl::StrCat("unsquashfs -d DIR ", OneLine(image));
  for (EngineReport& report : reports) {
    if (report.engine != Engine::kUserns) {
      report = {report.engine, false, "programs of images run by userns alone", fix};
    } else if (report.works && !mounted.ok()) {
      report = {report.engine, false, std::string(mounted.message()), fix};
    }
  }
}

// Returns the plans that a launch of `program` would have.
absl::StatusOr<std::string> FindPlans(const std::string& program) {
  RunTarget target;
  if (FindEntry(program, environ, &target)) return target.plans;
  if (CompileTarget(program, environ, &target) != 0) return absl::NotFoundError(target.error);
  return target.plans;
}

// Does what ApplyPlans does, once the process is in the image's root.
absl::Status ApplyImagePlans(const ImageTarget& target, int daemon_dir, std::vector<EngineReport>& reports) {
  const std::string image(target.image.path.view());
  absl::StatusOr<OpenedPack> pack = OpenedPack::Open(image);
  if (pack.ok()) {
    absl::StatusOr<std::string> plans = FindPlans(absl::StrCat(pack->directory(), "/", Text(target.inside)));
    if (!plans.ok()) return pack->Explain(plans.status());
    ApplyPlans(*plans, daemon_dir, reports);
  }
  ApplyImage(image, pack.status(), reports);
  return absl::OkStatus();
}

absl::Status ApplyProgram(const std::string& program, int daemon_dir, std::vector<EngineReport>& reports) {
  RELOC_RETURN_IF_ERROR(CheckAnswers(program));
  if (ImageTarget target; FindImageTarget(program, &target)) {
    return ApplyImagePlans(target, daemon_dir, reports);
  }
  RELOC_ASSIGN_OR_RETURN(std::string plans, FindPlans(program));
  ApplyPlans(plans, daemon_dir, reports);
  return absl::OkStatus();
}

JsonValue TextOrNull(const std::string& text) { return text.empty() ? JsonNull() : JsonText(text); }

Record EngineRecord(const EngineReport& report, const Chosen& chosen) {
  const std::string name = EngineName(report.engine);
  return {{"engine", JsonText(name)},
          {"works", JsonBool(report.works)},
          {"obstacle", TextOrNull(report.obstacle)},
          {"cure", TextOrNull(report.fix)},
          {"default", JsonBool(name == chosen.by_default)},
          {"performance", JsonBool(name == chosen.by_performance)},
          {"chosen", JsonBool(name == chosen.from_environment)}};
}

void PrintTable(const std::vector<EngineReport>& reports, const Chosen& chosen) {
  std::vector<std::vector<std::string>> rows = {{"ENGINE", "WORKS", "WHY NOT", "CURE"}};
  for (const EngineReport& report : reports) {
    rows.push_back({EngineName(report.engine), report.works ? "yes" : "no", report.obstacle, report.fix});
  }
  PrintOut(Table(rows));
  PrintOut("\ndefault chooses " + chosen.by_default + ", performance " + chosen.by_performance +
           "; programs started from here use " + chosen.from_environment + "\n");
}

void PrintJson(const std::vector<EngineReport>& reports, const Chosen& chosen) {
  std::vector<Record> records;
  for (const EngineReport& report : reports) records.push_back(EngineRecord(report, chosen));
  PrintOut(ToJson(records) + "\n");
}

// `program`: empty to check only the host.
absl::Status ListEngines(const std::string& format, const std::string& program) {
  EngineChain chain = EngineChainFromEnv(environ);
  if (!chain.unknown.empty()) {
    PrintError("relocctl: warning", absl::StrCat("unknown engine '", Text(chain.unknown), "', ignoring"));
  }
  std::vector<EngineReport> reports = ProbeAll(FindModules().value_or(""));
  const UniqueFd daemon_dir = OpenDirectory();
  Remember(reports, daemon_dir.get());
  if (!program.empty()) RELOC_RETURN_IF_ERROR(ApplyProgram(program, daemon_dir.get(), reports));
  Chosen chosen{First(ParseEngineChain("default"), reports), First(ParseEngineChain("performance"), reports),
                First(chain, reports)};
  format == "json" ? PrintJson(reports, chosen) : PrintTable(reports, chosen);
  return FlushOut();
}

}  // namespace

void AddEnginesCommand(CLI::App& app, int* exit_status) {
  auto format = std::make_shared<std::string>();
  auto program = std::make_shared<std::string>();
  CLI::App* engines =
      app.add_subcommand("engines", "Which engines work on this host, and why not the others");
  AddFormatOption(engines, format.get());
  engines->add_option("PROGRAM", *program, "Which of them run this program, found as by relocctl run");
  engines->footer(
      "Examples:\n"
      "  relocctl engines\n"
      "  relocctl engines pack/bin/sed\n"
      "  RELOC_ENGINE=fakechroot relocctl engines --format json");
  engines->callback(
      [format, program, exit_status] { *exit_status = ExitStatus(ListEngines(*format, *program)); });
}

}  // namespace reloc
