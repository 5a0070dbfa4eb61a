#include "reloc/engine/userns.h"

#include "reloc/engine/plan_text.h"

namespace reloc {
namespace {

void AddEnter(PlanText& plan, std::string_view program) {
  plan.Add(Op::kJoin).Add(Op::kRestoreCwd).Add(Op::kCommit).Add(Op::kExec, program);
}

}  // namespace

std::string CompileUserns(const ProgramSpec& program) {
  PlanText plan(Engine::kUserns, program.digest);
  plan.Add(Op::kUnshare)
      .Add(Op::kStageRoot, program.store_prefix)
      .Add(Op::kBindStore, InPack(program.store_prefix), program.store_prefix)
      .Add(Op::kEnterRoot);
  AddEnter(plan, program.program);
  return plan.Finish();
}

std::string CompileUsernsJoin(std::string_view program, const PackDigest& digest) {
  PlanText plan(Engine::kUserns, digest);
  AddEnter(plan, program);
  return plan.Finish();
}

}  // namespace reloc
