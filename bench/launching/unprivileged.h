// Measures launches as an ordinary user makes them: with privileges no user namespace is needed, and every
// figure would differ.
#pragma once

#include "absl/status/status.h"

namespace reloc::bench {

// Executes this program again as an ordinary user, if it runs as root; prints that on stderr. Returns OK if
// there was nothing to do, and otherwise only on failure.
absl::Status BecomeOrdinaryUser(char** argv);

}  // namespace reloc::bench
