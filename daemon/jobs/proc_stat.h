// What /proc says about processes.
#pragma once

#include <stdint.h>
#include <sys/types.h>

#include <optional>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

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
std::optional<ProcStat> ReadProcStat(pid_t pid);

// What processes use together.
struct Usage {
  uint32_t processes = 0;
  double cpu_seconds = 0;
  uint64_t rss_bytes = 0;
};

// All processes at one moment.
class ProcessTree {
 public:
  ProcessTree() = default;
  explicit ProcessTree(absl::flat_hash_map<pid_t, ProcStat> processes);
  // One pass over /proc: milliseconds on a busy host, so not from the event loop.
  static ProcessTree Read();

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
