#include "reloc/engine/compile.h"

#include "absl/strings/str_cat.h"
#include "reloc/engine/fakechroot.h"
#include "reloc/engine/graft.h"
#include "reloc/engine/proot.h"
#include "reloc/engine/userns.h"
#include "reloc/hosted/status.h"

namespace reloc {

absl::StatusOr<std::string> CompilePlans(const ProgramSpec& program) {
  RELOC_ASSIGN_OR_RETURN(std::string fakechroot, CompileFakechroot(program));
  std::string plans;
  for (const std::string& plan :
       {CompileUserns(program), CompileProot(program), fakechroot, CompileGraft(program)}) {
    if (plan.empty()) {
      return absl::InvalidArgumentError(absl::StrCat(
          program.program, ": its paths are too long for a launch plan; use a shorter store prefix"));
    }
    plans.append(plan);
  }
  return plans;
}

}  // namespace reloc
