#include "reloc/engine/fakechroot.h"

#include "reloc/engine/plan_text.h"

namespace reloc {

std::string CompileFakechroot(const ProgramSpec& program) {
  PlanText plan(Engine::kFakechroot, program.digest);
  plan.Add(Op::kRefuse, "not built in", "use another engine");
  return plan.Finish();
}

}  // namespace reloc
