// Compiles the plans that a pack stores for one entry: one for each engine that exists, including refusals,
// so that the launcher can give a reason for every engine that does not run the program.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "reloc/pack/program.h"

namespace reloc {

absl::StatusOr<std::string> CompilePlans(const ProgramSpec& program);

}  // namespace reloc
