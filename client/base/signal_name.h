// Parses signals as users write them.
#pragma once

#include <string>

#include "absl/status/statusor.h"

namespace reloc {

// Accepts "TERM", "SIGTERM", "term", "RTMIN+3", "15", and 0, which only checks whether there is anything to
// signal. InvalidArgument, with the name that was probably meant.
absl::StatusOr<int> ParseSignal(const std::string& text);

}  // namespace reloc
