// Parses times as people give them on the command line.
#pragma once

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace reloc {

// The description of what `--since` and similar options accept.
inline constexpr char kTimeHelp[] =
    "2h or 3d (ago), 2026-11-24, 2026-11-24T14:00, RFC 3339, or seconds since the epoch";

// Returns the time that `text` means: RFC 3339; a date, also with a time of day, in `zone`; how long before
// `now`; or seconds since the epoch. InvalidArgument for anything else.
absl::StatusOr<absl::Time> ParseTimeArgument(absl::string_view text, absl::Time now, absl::TimeZone zone);

}  // namespace reloc
