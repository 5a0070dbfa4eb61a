#include "reloc/engine/graft.h"

#include "absl/strings/str_cat.h"
#include "reloc/engine/plan_text.h"
#include "reloc/launch/executor.h"
#include "reloc/launch/graft_path.h"

namespace reloc {
namespace {

constexpr char kOtherEngine[] = "use the engine userns";

std::string Refuse(const ProgramSpec& program, std::string_view why, std::string_view fix) {
  return PlanText(Engine::kGraft, program.digest).Add(Op::kRefuse, why, fix).Finish();
}

}  // namespace

std::string CompileGraft(const ProgramSpec& program) {
  if (program.digest == PackDigest{}) {
    return Refuse(program, "only packs have mirrors", "relocctl pack adopt makes a pack of a directory");
  }
  if (program.store_prefix.size() < kMinGraftPath) {
    return Refuse(program, absl::StrCat("no other path is as short as ", program.store_prefix), kOtherEngine);
  }
  PlanText plan(Engine::kGraft, program.digest);
  plan.Add(Op::kFindGraft, program.store_prefix, kGraftFix)
      .Add(Op::kCommit)
      .Add(Op::kExec,
           absl::StrCat(std::string(1, kGraftDir), program.program.substr(program.store_prefix.size())));
  return plan.Finish();
}

EngineReport ProbeGraft(const Plan& plan, int daemon_dir) {
  const LaunchLog log("relocctl", false);
  LaunchState state;
  state.daemon_dir = daemon_dir;
  state.digest = plan.digest();
  Failure failure;
  if (Executor(&state, log).Prepare(plan.prepare(), &failure)) return {Engine::kGraft, true, "", ""};
  EngineReport report{Engine::kGraft, false, "", failure.hint == nullptr ? "" : failure.hint};
  failure.hint = nullptr;
  FixedText<1024> obstacle;
  failure.Describe(&obstacle);
  report.obstacle = obstacle.view();
  return report;
}

}  // namespace reloc
