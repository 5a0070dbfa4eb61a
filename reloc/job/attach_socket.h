// The socket of a job's launcher, DIR/jobs/<id>/attach.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "reloc/base/unique_fd.h"

namespace reloc {

// Makes the job's directory in `daemon_dir` and listens in it, without blocking.
absl::StatusOr<UniqueFd> ListenForClients(const std::string& daemon_dir, const std::string& id);

// Connects to the launcher of job `id`, which must belong to this user or root. NotFound: there is none;
// Unavailable: it cannot be reached.
absl::StatusOr<UniqueFd> ConnectToLauncher(const std::string& daemon_dir, const std::string& id);

// Does the same with a descriptor of the daemon's directory, and without blocking: Unavailable if too many
// wait.
absl::StatusOr<UniqueFd> ConnectToLauncher(int daemon_dir, const std::string& id);

}  // namespace reloc
