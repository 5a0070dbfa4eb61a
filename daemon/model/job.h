// One launch, as relocd remembers it.
#pragma once

#include <stddef.h>
#include <sys/types.h>

#include <optional>
#include <string>

#include "absl/time/time.h"
#include "daemon/proc/job_mark.h"
#include "daemon/proc/pidfd.h"
#include "reloc/launch/failure.h"
#include "reloc/launch/plan.h"

namespace reloc {

enum class JobState {
  kRunning,
  kExited,  // wait_status holds an exit code
  kKilled,  // wait_status holds a signal
  kLost,    // ended, and nobody could say how
};
inline constexpr size_t kJobStateCount = 4;
const char* JobStateName(JobState state);  // "running", "exited", "killed", "lost"

// Who became the program.
enum class Placement {
  kCaller,    // the calling process itself
  kLauncher,  // a child of a launcher: relocctl run --detach or --supervised
};
inline constexpr size_t kPlacementCount = 2;
// Returns "caller", or "daemon" for kLauncher: users have had that word since before there were launchers.
const char* PlacementName(Placement placement);

struct Job {
  std::string id;
  std::string name;
  uint64_t number = 0;  // in the order of their starts, which times may not tell: clocks jump
  pid_t pid = 0;
  ProcessIdentity process;
  uid_t uid = 0;
  std::string pack;
  std::string program;
  std::string argv;  // NUL-terminated arguments, cut at kMaxArgvBytes
  std::string slurm_job;
  Placement placement = Placement::kCaller;
  Engine engine = Engine::kNone;
  Reason reason = Reason::kNone;
  absl::Time started_at;
  std::string mirror;  // name of the mirror that it runs from; empty: the pack itself
  JobMark mark;        // of its processes

  JobState state = JobState::kRunning;
  absl::Time ended_at;
  int wait_status = 0;
  std::optional<double> cpu_seconds;  // once it has ended
};

// Twelve letters and digits at random: never used twice, also across restarts, and easy to read out.
std::string NewJobId();

}  // namespace reloc
