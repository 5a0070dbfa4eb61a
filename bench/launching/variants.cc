#include "bench/launching/variants.h"

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "bench/launching/process.h"
#include "bench/launching/sampling.h"
#include "reloc/hosted/status.h"

namespace reloc::bench {
namespace {

std::vector<std::string> Concat(std::vector<std::string> front, const std::vector<std::string>& back,
                                size_t skip = 0) {
  front.insert(front.end(), back.begin() + static_cast<std::ptrdiff_t>(skip), back.end());
  return front;
}

// Returns the last line of an error, which says how it ended.
absl::string_view LastLine(absl::string_view text) {
  text = absl::StripAsciiWhitespace(text);
  size_t newline = text.rfind('\n');
  return newline == absl::string_view::npos ? text : text.substr(newline + 1);
}

double RatioTo(double base, double value) { return base > 0 ? value / base : 0; }

const pb::LaunchTime* Find(const pb::Comparison& report, absl::string_view id) {
  for (const pb::LaunchTime& time : report.launches()) {
    if (time.id() == id && time.unavailable().empty()) return &time;
  }
  return nullptr;
}

void CompareWithBubblewrap(pb::Comparison* report) {
  const pb::LaunchTime* native = Find(*report, kNative);
  const pb::LaunchTime* shim = Find(*report, kShimAlone);
  const pb::LaunchTime* bubblewrap = Find(*report, kBubblewrap);
  if (native == nullptr || shim == nullptr || bubblewrap == nullptr) return;
  report->set_added_of_bubblewrap(
      RatioTo(bubblewrap->median_us() - native->median_us(), shim->median_us() - native->median_us()));
}

pb::LaunchTime* AddTime(const Variant& variant, pb::Comparison* report) {
  pb::LaunchTime* time = report->add_launches();
  time->set_id(variant.id);
  time->set_description(variant.description);
  if (variant.must > 0) {
    time->mutable_target()->set_must(variant.must);
    time->mutable_target()->set_aim(variant.aim);
  }
  return time;
}

}  // namespace

std::vector<std::string> Peer(const std::string& name, const std::vector<std::string>& options,
                              const std::vector<std::string>& program) {
  std::string path = FindProgram(name);
  if (path.empty()) return {};
  return Concat(Concat({path}, options), program);
}

std::vector<Variant> MakeVariants(const Workspace& workspace, const Daemon& daemon,
                                  const std::vector<std::string>& program, const std::string& entry) {
  const Environment base = workspace.BaseEnvironment();
  const Environment served = With(daemon.environment(), {{"RELOC_ENGINE", "userns"}});
  const Environment alone = With(base, {{"RELOC_ENGINE", "userns"}, {"RELOC_DAEMON", "off"}});
  const Environment loader = With(alone, {{"RELOC_ENGINE", "fakechroot"}});
  const std::vector<std::string> packed = Concat({entry}, program, 1);
  return {
      {.id = kNative, .description = "the program itself", .arguments = program, .environment = base},
      {.id = "exec",
       .description = "a static program that only executes it",
       .arguments = Concat({workspace.probe()}, program),
       .environment = base},
      {.id = "daemon",
       .description = "shim with daemon, userns",
       .arguments = packed,
       .environment = served,
       .evidence = kJoinedEvidence,
       .must = 1.35,
       .aim = 1.20},
      {.id = "graft",
       .description = "shim with daemon, graft",
       .arguments = packed,
       .environment = With(served, {{"RELOC_ENGINE", "graft"}}),
       .evidence = "way=graft",
       .must = 1.25,
       .aim = 1.10},
      {.id = kShimAlone,
       .description = "shim without daemon, userns",
       .arguments = packed,
       .environment = alone,
       .must = 2.2,
       .aim = 1.8},
      {.id = "loader",
       .description = "shim without daemon, fakechroot",
       .arguments = packed,
       .environment = loader,
       .must = 1.8,
       .aim = 1.45},
      {.id = "run",
       .description = "relocctl run with daemon",
       .arguments = Concat({workspace.Program("relocctl"), "run"}, packed),
       .environment = served,
       .evidence = kJoinedEvidence,
       .must = 3.5,
       .aim = 2.5},
      {.id = "supervised",
       .description = "relocctl run --supervised",
       .arguments = Concat({workspace.Program("relocctl"), "run", "--supervised"}, packed),
       .environment = served,
       .evidence = kJoinedEvidence},
      {.id = "supervised-pty",
       .description = "relocctl run --supervised --pty",
       .arguments = Concat({workspace.Program("relocctl"), "run", "--supervised", "--pty"}, packed),
       .environment = served,
       .evidence = kJoinedEvidence},
      {.id = kBubblewrap,
       .description = "bwrap --dev-bind / /",
       .arguments = Peer("bwrap", {"--dev-bind", "/", "/"}, program),
       .environment = base},
      {.id = "proot", .description = "proot", .arguments = Peer("proot", {}, program), .environment = base},
  };
}

absl::Status TryVariant(const Variant& variant) {
  if (variant.arguments.empty()) return absl::NotFoundError("not installed");
  const Environment talkative = variant.evidence.empty() ? Environment() : Environment{{"RELOC_DEBUG", "1"}};
  Command command(variant.arguments, With(variant.environment, talkative));
  // A first launch may prepare what later ones find (a root), and so go another way.
  RELOC_RETURN_IF_ERROR(Capture(command).status());
  RELOC_ASSIGN_OR_RETURN(Captured tried, Capture(command));
  if (!tried.succeeded()) return absl::UnavailableError(ErrorOf(tried));
  if (absl::StrContains(tried.errors, variant.evidence)) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat("took another way than was meant: ", LastLine(tried.errors)));
}

absl::Status MeasureVariants(const std::vector<Variant>& variants, pb::Comparison* report) {
  std::vector<Command> commands;
  commands.reserve(variants.size());  // pointers to them are kept
  std::vector<const Command*> measured;
  std::vector<pb::LaunchTime*> times;
  for (const Variant& variant : variants) {
    pb::LaunchTime* time = AddTime(variant, report);
    absl::Status works = TryVariant(variant);
    if (!works.ok() && variant.id == kNative) return works;
    if (!works.ok()) {
      time->set_unavailable(std::string(works.message()));
      continue;
    }
    measured.push_back(&commands.emplace_back(variant.arguments, variant.environment));
    times.push_back(time);
  }
  RELOC_ASSIGN_OR_RETURN(std::vector<Summary> summaries,
                         MeasureInterleaved(measured, static_cast<int>(report->rounds())));
  for (size_t i = 0; i < summaries.size(); ++i) {
    times[i]->set_median_us(summaries[i].median);
    times[i]->set_p90_us(summaries[i].p90);
    times[i]->set_ratio(RatioTo(summaries[0].median, summaries[i].median));
  }
  CompareWithBubblewrap(report);
  return absl::OkStatus();
}

}  // namespace reloc::bench
