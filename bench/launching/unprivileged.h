// Launches are measured as an ordinary user makes them: with privileges no user namespace is needed, and
// nothing that is measured here would be the same.
#pragma once

#include "absl/status/status.h"

namespace reloc::bench {

// Executes this program again as an ordinary user, if it runs as root; says so on stderr. Returns OK if there
// was nothing to do, and otherwise only on failure.
absl::Status BecomeOrdinaryUser(char** argv);

}  // namespace reloc::bench
