#include "reloc/engine/proot.h"

#include "reloc/engine/plan_text.h"

namespace reloc {

std::string CompileProot(const ProgramSpec& program) {
  PlanText plan(Engine::kProot, program.digest);
  plan.Add(Op::kTraceStore, InPack(program.store_prefix), program.store_prefix)
      .Add(Op::kRequire, InPack("/.reloc/lib/tracee"), "relocctl pack adopt furnishes a directory with it")
      .Add(Op::kFindTracer, InPack("/.reloc/lib/proot"), "install proot")
      .Add(Op::kTrace, InPack("/.reloc/lib/tracee"), program.program)
      .Add(Op::kCommit)
      .Add(Op::kExec, program.program);
  return plan.Finish();
}

}  // namespace reloc
