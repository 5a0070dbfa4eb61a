// Finds the other parts of this installation, which may have been moved as a whole. Works in a build tree,
// too.
#pragma once

#include <string>

#include "absl/status/statusor.h"

namespace reloc {

// Returns the path of a program for users: relocctl, relocd.
absl::StatusOr<std::string> FindProgramOfOurs(const std::string& name);

// Returns the directory of the files for packs and engines: <prefix>/libexec/relocd, or in a build tree
// libexec.
absl::StatusOr<std::string> FindModules();

}  // namespace reloc
