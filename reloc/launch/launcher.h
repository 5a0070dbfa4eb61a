// One launch, from a pack's entry to the running program. The shim and `relocctl run` share it.
//
//   for each engine of the chain that has a plan (launcher.cc; the rest is plan_trial.cc):
//     a root that the daemon published?   join it, report to the daemon, become the program
//     a daemon that answers in time?      let it make the root, join, become the program
//     otherwise                           make the root in this process, become the program
//
// A failure before the plan's commit leads to the next way; after it the failure is reported.
#pragma once

#include <span>

#include "reloc/base/text.h"
#include "reloc/launch/launch_log.h"
#include "reloc/launch/pack_image.h"
#include "reloc/launch/plan.h"

namespace reloc {

inline constexpr int kExitFailed = 125;  // the launcher failed, not the program
inline constexpr int kExitNotExecutable = 126;
inline constexpr int kExitNotFound = 127;

struct LaunchRequest {
  string_view pack_dir;         // absolute, real path
  string_view entry;            // for messages: "sed"
  std::span<const char> plans;  // encoded, one after the other
  char* const* argv = nullptr;
  char* const* envp = nullptr;
  bool assumed_pack = false;         // `pack_dir` was derived from the entry's path alone, and may not exist
  string_view engine = {};           // --engine; empty: from the environment
  const PackImage* image = nullptr;  // the image whose root this process is in (image_launch.h), if any
  // How this launch entered that root ("published", "daemon", "own"), so that it has the mark of a job of its
  // own; nullptr: it was inside before.
  const char* image_way = nullptr;
  string_view daemon_dir = {};  // of the daemon that knows the job; empty: from the environment
};

// Returns an exit status, after printing one line about it; does not return if the program was started.
int Launch(const LaunchRequest& request, const LaunchLog& log);

// Returns the exit status for an execve(2) that failed with `error`.
int ExecExitStatus(int error);

}  // namespace reloc
