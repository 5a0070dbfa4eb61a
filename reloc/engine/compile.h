// The plans that are left in a pack for one entry: one of each engine that exists, refusals included, so that
// the launcher can say of every engine why it does not run the program.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "reloc/pack/program.h"

namespace reloc {

absl::StatusOr<std::string> CompilePlans(const ProgramSpec& program);

}  // namespace reloc
