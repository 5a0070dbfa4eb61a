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

// Called in the job's process. `daemon_dir`: the directory of the daemon that knows the job; empty: none
// does. Returns an exit status, after printing one line about it.
using JobLaunch = std::function<int(const LaunchLog&, const std::string& daemon_dir)>;

// Pointers and plain descriptors are borrowed.
struct JobStart {
  bool own_group = true;           // otherwise it stays in the caller's, where its terminal reaches it
  int terminal = -1;               // the session's
  bool foreground = true;          // in that terminal
  int standard[3] = {-1, -1, -1};  // replacements for 0, 1 and 2; -1: unchanged
  UniqueFd output;                 // the pipe among these, if there is one
  mode_t umask = 0;
  const CallerSignals* signals = nullptr;
  int errors = -1;  // where a failing launch prints its error
  bool debug = false;
  const JobLaunch* launch = nullptr;
  const Reservation* reservation = nullptr;
  bool must_be_known = false;  // not started if the daemon does not accept it
};

// The byte that the job sends before the launch if no daemon has accepted it and it can do without one.
inline constexpr unsigned char kNotBound = 0;

// Forks the job. `*launched` reaches its end when the program is executed; if it could not be executed, the
// exit status, a byte other than kNotBound, can be read from it.
absl::StatusOr<pid_t> StartJob(const JobStart& start, UniqueFd* launched);

}  // namespace reloc
