// What /proc says about processes.
#pragma once

#include <stdint.h>
#include <sys/types.h>

#include <optional>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "daemon/proc/stall_guard.h"

namespace reloc {

// The fields of /proc/PID/stat that we need; see proc(5).
struct ProcStat {
  char state = '?';
  pid_t parent = 0;
  double cpu_seconds = 0;           // user and system
  double children_cpu_seconds = 0;  // of children that were waited for
  absl::Duration started;           // since boot; in clock ticks (10 ms), rounded down
  uint64_t rss_bytes = 0;
  int exit_code = 0;  // as of waitpid(2); only while the process is a zombie
};

// nullopt if `text` is not such a file's. The command's name may hold anything, also ") R 1 (": everything is
// counted from the last ')'.
std::optional<ProcStat> ParseProcStat(absl::string_view text);
// Blocks while a process that is stuck in execve(2) has that number: see stall_guard.h.
std::optional<ProcStat> ReadProcStat(pid_t pid);

// What /proc/PID/status has of the same, which does not block.
struct ProcStatus {
  ProcStat stat;  // state, parent and memory
  uid_t user = 0;
  pid_t tracer = 0;  // 0: it is not traced
};
std::optional<ProcStatus> ParseProcStatus(absl::string_view text);
std::optional<ProcStatus> ReadProcStatus(pid_t pid);

// True if the process is our user's, as the owner of /proc/PID says; also for one that runs a setuid program.
// Does not block.
bool IsOurs(pid_t pid);

// What processes use together.
struct Usage {
  uint32_t processes = 0;
  double cpu_seconds = 0;
  uint64_t rss_bytes = 0;
  bool known = true;  // false: no process could be looked at
};

// All processes of our user at one moment. Nothing is read of those of others, but of root's who started
// them.
class ProcessTree {
 public:
  ProcessTree() = default;
  explicit ProcessTree(absl::flat_hash_map<pid_t, ProcStat> processes);
  // One pass over /proc: milliseconds on a busy host, so not from the event loop. Of a process that is stuck
  // only the parent, the state and the memory are known.
  static ProcessTree Read(StallGuard* guard);

  const absl::flat_hash_map<pid_t, ProcStat>& processes() const { return processes_; }
  // Those of `roots` that are there, and their descendants, each once, parents first. Found by parent: one
  // whose parent ended is nobody's descendant.
  std::vector<pid_t> Descendants(const std::vector<pid_t>& roots) const;
  // Zombies are not counted as processes.
  Usage UsageOf(const std::vector<pid_t>& pids) const;

 private:
  absl::flat_hash_map<pid_t, ProcStat> processes_;
  absl::flat_hash_map<pid_t, std::vector<pid_t>> children_;
};

}  // namespace reloc
