// Where the other parts of this installation lie, which may have been moved as a whole. In a build tree, too.
#pragma once

#include <string>

#include "absl/status/statusor.h"

namespace reloc {

// The program of users `name`: relocctl, relocd.
absl::StatusOr<std::string> FindProgramOfOurs(const std::string& name);

// The directory with what packs and engines need: <prefix>/libexec/relocd, or in a build tree libexec.
absl::StatusOr<std::string> FindModules();

}  // namespace reloc
