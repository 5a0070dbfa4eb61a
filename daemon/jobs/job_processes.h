// Which processes belong to which job: its main process, what descends from that, and what bears the job's
// mark (job_mark.h) after its parents ended.
#pragma once

#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "daemon/model/job.h"
#include "daemon/proc/proc_stat.h"
#include "reloc/base/unique_fd.h"

namespace reloc {

class JobProcesses {
 public:
  // The processes of `jobs`, which were taken before: running ones, and those that ended and left something
  // behind. Waits, so only in a process that can be abandoned (stall_guard.h).
  static JobProcesses Read(const std::vector<Job>& jobs, StallGuard* guard);

  const ProcessTree& tree() const { return tree_; }
  // Parents first: the main process, if it runs, is the first.
  std::vector<pid_t> Of(const Job& job) const;
  // Of these, those that were found by the job's mark.
  const std::vector<pid_t>& MarkedOf(const Job& job) const;

 private:
  explicit JobProcesses(ProcessTree tree) : tree_(std::move(tree)) {}
  void AdoptOrphans(const std::vector<Job>& jobs, StallGuard* guard);

  ProcessTree tree_;
  // By the job's id: the main process, if it runs, and those that are found by the job's mark.
  absl::flat_hash_map<std::string, pid_t> mains_;
  absl::flat_hash_map<std::string, std::vector<pid_t>> marked_;
};

// Keeps the kernel from giving away the numbers of the job's namespaces, as long as the descriptors are open.
// `pids`: of its processes. Empty: none is in them (any more), or the job has no such mark.
std::vector<UniqueFd> HoldMark(const Job& job, const std::vector<pid_t>& pids, StallGuard* guard);

}  // namespace reloc
