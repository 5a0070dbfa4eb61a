// Starting and stopping the user's relocd.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "proto/control.pb.h"

namespace reloc {

// Starts the relocd that lies beside this program, detached from the terminal, and waits until it serves. One
// that runs already will do, also one that someone else starts at this moment. `arguments`: relocd's own.
absl::Status EnsureDaemon(const std::vector<std::string>& arguments);
// The same, and asks it for its status.
absl::StatusOr<relocd::v1::DaemonStatus> StartDaemon(const std::vector<std::string>& arguments);

// Stops the daemon and waits until it is gone. False if none ran.
absl::StatusOr<bool> StopDaemon();

// Returns the pid of the user's daemon if that is stopped, as by SIGSTOP, and so answers nothing. Call it
// while the process is single-threaded.
std::optional<pid_t> StoppedDaemon();

// What holds the lock of the daemon's directory `dir` and does not serve, as text for the user; OK: nothing.
absl::Status CheckLockOf(const std::string& dir);

}  // namespace reloc
