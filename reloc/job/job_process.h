// The process that becomes the job, from the launcher's fork to the launch.
#pragma once

#include <sys/types.h>

#include <functional>
#include <string>

#include "absl/status/statusor.h"
#include "reloc/base/unique_fd.h"
#include "reloc/job/caller_signals.h"
#include "reloc/job/reservation.h"
#include "reloc/launch/launch_log.h"

namespace reloc {

// Is called in the job's process. `daemon_dir`: where the daemon that knows the job serves; empty: none knows
// it. Returns an exit status, after a line about it.
using JobLaunch = std::function<int(const LaunchLog&, const std::string& daemon_dir)>;

// Pointers and plain descriptors are borrowed.
struct JobStart {
  bool own_group = true;           // else it stays in the caller's, to be reached by its terminal
  int terminal = -1;               // the session's
  bool foreground = true;          // in that terminal
  int standard[3] = {-1, -1, -1};  // what takes the place of 0, 1 and 2; -1: they stay
  UniqueFd output;                 // the pipe among these, if one is
  mode_t umask = 0;
  const CallerSignals* signals = nullptr;
  int complaints = -1;  // where a launch that fails says so
  bool debug = false;
  const JobLaunch* launch = nullptr;
  const Reservation* reservation = nullptr;
  bool must_be_known = false;  // not started if the daemon does not take it
};

// What the job says, before it is launched, if no daemon has taken it and it can do without.
inline constexpr unsigned char kNotBound = 0;

// Forks the job. `*launched` is at its end when the program is executed; the exit status, a byte other than
// kNotBound, can be read from it if it could not be.
absl::StatusOr<pid_t> StartJob(const JobStart& start, UniqueFd* launched);

}  // namespace reloc
