// Tries the engines of the chain in turn, until one runs the program or none is left.
#include "reloc/launch/launcher.h"

#include <errno.h>

#include "reloc/launch/daemon_session.h"
#include "reloc/launch/engines.h"
#include "reloc/launch/mirror_link.h"
#include "reloc/launch/pack_files.h"
#include "reloc/launch/plan_trial.h"
#include "reloc/launch/probe_memory.h"

namespace reloc {
namespace {

class Launcher {
 public:
  Launcher(const LaunchRequest& request, const LaunchLog& log)
      : request_(request), log_(log), daemon_(request, log), trial_(request, &daemon_, log) {}

  int Run();

 private:
  EngineChain ReadChain() const;
  bool KnownToFail(Engine engine) const;
  bool TryEngine(Engine engine);
  bool FindPlan(Engine engine);
  void AskForMirror(Engine engine);
  void NoteFailure(Engine engine, string_view text);
  void Explain(Engine engine, string_view text) const;
  int Report();

  const LaunchRequest& request_;
  const LaunchLog& log_;
  DaemonSession daemon_;
  PlanTrial trial_;
  Plan plan_;
  Failure failure_;
  bool committed_ = false;
  FixedText<4096> reasons_;  // one engine after the other, for the final error
};

int Launcher::Run() {
  EngineChain chain = ReadChain();
  daemon_.Open();
  EngineChain skipped;
  size_t skipped_count = 0;
  for (Engine engine : chain.engines) {
    if (engine == Engine::kNone) break;
    if (KnownToFail(engine)) {
      skipped.engines[skipped_count++] = engine;
    } else if (TryEngine(engine)) {
      return Report();
    }
  }
  if (chain.engines[1] == Engine::kNone) AskForMirror(chain.engines[0]);
  // Remembered failures may be out of date: before giving up, everything is tried.
  for (size_t i = 0; i < skipped_count && !TryEngine(skipped.engines[i]); ++i) {
  }
  return Report();
}

EngineChain Launcher::ReadChain() const {
  EngineChain chain = ChooseEngineChain(request_.engine, request_.envp);
  if (chain.unknown.empty()) return chain;
  FixedText<256> line;
  line << "unknown engine '" << Prefix(chain.unknown, 64) << "', ignoring";
  log_.Warning(line.view());
  return chain;
}

// Looks up remembered results of engines whose failure costs processes and milliseconds.
bool Launcher::KnownToFail(Engine engine) const {
  const std::optional<Probe> probe = TraitsOf(engine).probe;
  if (!probe || FindVerdict(daemon_.directory(), *probe) != Verdict::kFails) return false;
  Explain(engine, "skipped, it failed when it was probed (relocctl engines probes it again)");
  return true;
}

// Returns false if another engine may be tried.
bool Launcher::TryEngine(Engine engine) {
  if (!FindPlan(engine)) return false;
  committed_ = trial_.Run(plan_, &failure_);
  if (committed_) return true;
  FixedText<1024> text;
  failure_.Describe(&text);
  NoteFailure(engine, text.view());
  daemon_.NoteReason(Reason::kEngine);
  return false;
}

// Asks for a mirror for an engine that requires one and was requested by name: a chain has other engines.
void Launcher::AskForMirror(Engine engine) {
  PathText mirror;
  if (TraitsOf(engine).mirror_use == MirrorUse::kRequired && plan_.engine() == engine &&
      plan_.refusal() == nullptr &&
      !FindMirror(daemon_.directory(), plan_.digest(), kGraftedMirror, &mirror).ok()) {
    daemon_.ReportMirrorWanted();
  }
}

// Finds the engine's plan among the pack's, and stores it in plan_.
bool Launcher::FindPlan(Engine engine) {
  const char* damage = nullptr;
  const bool found = reloc::FindPlan(request_.plans, engine, &plan_, &damage);
  const Step* refusal = found ? plan_.refusal() : nullptr;
  if (found && refusal == nullptr) return true;
  FixedText<1024> line;
  if (refusal != nullptr) {
    line << refusal->a << " (" << refusal->b << ')';
  } else if (damage != nullptr) {
    line << "the pack's plan is damaged: " << damage;
  } else {
    line << "the pack has no plan for it (make the pack anew with this version)";
  }
  NoteFailure(engine, line.view());
  return false;
}

void Launcher::NoteFailure(Engine engine, string_view text) {
  reasons_ << "; " << EngineName(engine) << ": " << text;
  Explain(engine, text);
}

void Launcher::Explain(Engine engine, string_view text) const {
  if (!log_.debug()) return;
  FixedText<1200> line;
  line << EngineName(engine) << ": " << text;
  log_.Debug(line.view());
}

int Launcher::Report() {
  FixedText<4608> line;
  if (committed_) {
    failure_.Describe(&line);
    log_.Error(line.view());
    return ExecExitStatus(failure_.error.value);
  }
  if (request_.assumed_pack && !HoldsPlans(request_.pack_dir)) {
    line << "no pack around " << request_.pack_dir << "/bin/" << request_.entry << " (" << kEntryHint << ')';
    log_.Error(line.view());
    return kExitFailed;
  }
  line << "cannot run " << request_.entry << ": no engine works here" << reasons_.view();
  log_.Error(line.view());
  return trial_.refusal().ok() ? kExitFailed : ExecExitStatus(trial_.refusal().value);
}

}  // namespace

int ExecExitStatus(int error) {
  if (error == ENOENT || error == ENOTDIR) return kExitNotFound;
  if (error == EACCES || error == ENOEXEC || error == EISDIR || error == ELOOP) return kExitNotExecutable;
  return kExitFailed;
}

int Launch(const LaunchRequest& request, const LaunchLog& log) {
  // static: a Launcher takes a few tens of kilobytes, and a process does only one launch.
  alignas(Launcher) static char memory[sizeof(Launcher)];
  return (new (memory) Launcher(request, log))->Run();
}

}  // namespace reloc
