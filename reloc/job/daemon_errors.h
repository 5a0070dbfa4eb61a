// The texts for users whose daemon cannot be asked, the same for launches and for other commands.
#pragma once

#include <sys/types.h>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace reloc {

// Returns NotFound: no daemon runs.
absl::Status NoDaemonError();

// Returns PermissionDenied: `what` ("the daemon in DIR belongs to uid 1001") is another user's.
absl::Status ForeignDaemonError(absl::string_view what);

// Returns DeadlineExceeded: the daemon with that pid does not answer.
absl::Status SilentDaemonError(pid_t pid);

}  // namespace reloc
