// The directory in /tmp for graft paths that are too short for the cache: /tmp/XX, owned by the user.
//
// It belongs to one cache, and each refers to the other: <cache>/graft-dir leads to /tmp/XX, and
// /tmp/XX/.cache to the cache. It is never removed, so that nobody else can take a name that was ever used in
// it. All users of the host share the names of two characters.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace reloc {

inline constexpr char kSharedDirectory[] = "/tmp";

// Returns the directory for `cache`, which must exist: the recorded one if it can be used, even if a cleaner
// removed it, otherwise a new one. ResourceExhausted: all names are taken. FailedPrecondition: /tmp is not
// root's and sticky.
absl::StatusOr<std::string> TakeGraftDirectory(const std::string& cache);

// Renews the times that cleaners of /tmp check, for the recorded directory and for the names that older
// versions left in /tmp itself, and makes the directory again if it is gone. Returns true if any of these
// exist.
bool RenewGraftNames(const std::string& cache);

// Returns a name of `size` random characters that is no option, and that no shell, list of paths or #! line
// splits.
absl::StatusOr<std::string> RandomGraftName(size_t size);

}  // namespace reloc
