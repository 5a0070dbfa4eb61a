// Which processes belong to which job: its main process, what descends from that, and what bears the job's
// mark (job_mark.h) after its parents ended.
#pragma once

#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "daemon/jobs/job.h"
#include "daemon/jobs/proc_stat.h"

namespace reloc {

class JobProcesses {
 public:
  // The processes of `jobs`, which were taken before: running ones, and those that ended and left something
  // behind. One pass over /proc: milliseconds on a busy host, so not from the event loop.
  static JobProcesses Read(const std::vector<Job>& jobs);

  const ProcessTree& tree() const { return tree_; }
  // Parents first: the main process, if it runs, is the first.
  std::vector<pid_t> Of(const Job& job) const;
  Usage UsageOf(const Job& job) const { return tree_.UsageOf(Of(job)); }

 private:
  explicit JobProcesses(ProcessTree tree) : tree_(std::move(tree)) {}
  void AdoptOrphans(const std::vector<Job>& jobs);

  ProcessTree tree_;
  // By the job's id: the main process, and those that are found by the job's mark.
  absl::flat_hash_map<std::string, std::vector<pid_t>> roots_;
};

// True if `pid` bears the mark of `job`. Says nothing of the descendants that have lost it.
bool BearsMark(pid_t pid, const Job& job);

}  // namespace reloc
