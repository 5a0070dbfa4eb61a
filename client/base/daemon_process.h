// Starts and stops the user's relocd.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "proto/control.pb.h"

namespace reloc {

// Starts the relocd beside this program, detached from the terminal, and waits until it serves. Does nothing
// if one runs already, or if another process starts one at this moment. `arguments`: relocd's own.
absl::Status EnsureDaemon(const std::vector<std::string>& arguments);
// Does the same, and asks it for its status.
absl::StatusOr<relocd::v1::DaemonStatus> StartDaemon(const std::vector<std::string>& arguments);

// Stops the daemon and waits for its end. Returns false if none ran.
absl::StatusOr<bool> StopDaemon();

// Returns the pid of the user's daemon if it is stopped, for example by SIGSTOP, and so does not answer. Call
// it while the process is single-threaded.
std::optional<pid_t> StoppedDaemon();

// Describes the process that holds the lock of the daemon's directory `dir` and does not serve, for the user;
// OK if there is none.
absl::Status CheckLockOf(const std::string& dir);

}  // namespace reloc
