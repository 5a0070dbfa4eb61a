// The directory in /tmp that holds the graft paths which are too short for the cache: /tmp/XX, the user's
// own.
//
// It belongs to one cache, and each says so of the other: <cache>/graft-dir leads to /tmp/XX, and
// /tmp/XX/.cache to the cache. It is never given back, so that nobody else can take a name that was ever used
// in it. The names of two characters are shared by all users of the host.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace reloc {

inline constexpr char kSharedDirectory[] = "/tmp";

// Returns the directory for `cache`, which exists: the recorded one if it can be used, also after a cleaner
// removed it, else a new one. ResourceExhausted: all names are taken. FailedPrecondition: /tmp is not root's
// and sticky.
absl::StatusOr<std::string> TakeGraftDirectory(const std::string& cache);

// Renews the times by which cleaners of /tmp judge, of the recorded directory and of the names that older
// versions left in /tmp itself, and makes the directory again if it is gone. True if there is anything of
// these.
bool RenewGraftNames(const std::string& cache);

// Names of `size` random characters that no shell, list of paths or #! line takes apart, and no option.
absl::StatusOr<std::string> RandomGraftName(size_t size);

}  // namespace reloc
