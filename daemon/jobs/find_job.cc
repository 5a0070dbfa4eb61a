#include "daemon/jobs/find_job.h"

#include <algorithm>
#include <functional>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "reloc/hosted/suggest.h"

namespace reloc {
namespace {

using Condition = std::function<bool(const Job&)>;

std::vector<Job> Those(const std::vector<Job>& jobs, const Condition& condition) {
  std::vector<Job> found;
  std::copy_if(jobs.begin(), jobs.end(), std::back_inserter(found), condition);
  return found;
}

bool Runs(const Job& job) { return job.state == JobState::kRunning; }

// The innermost of the jobs that the process belongs to: a job may have started others.
std::vector<Job> FindByProcess(const std::vector<Job>& jobs, pid_t pid,
                               const std::vector<std::vector<pid_t>>& processes) {
  const Job* best = nullptr;
  size_t best_size = 0;
  for (size_t i = 0; i < jobs.size() && i < processes.size(); ++i) {
    const std::vector<pid_t>& pids = processes[i];
    if (std::find(pids.begin(), pids.end(), pid) == pids.end()) continue;
    if (best == nullptr || pids.size() < best_size) best = &jobs[i];
    best_size = std::min(best_size == 0 ? pids.size() : best_size, pids.size());
  }
  return best == nullptr ? std::vector<Job>() : std::vector<Job>{*best};
}

}  // namespace

std::vector<Job> FindJobs(const std::vector<Job>& jobs, absl::string_view ref, ProcessLister list_processes) {
  pid_t pid = 0;
  const bool is_pid = absl::SimpleAtoi(ref, &pid) && pid > 0;
  const Condition conditions[] = {
      [&](const Job& job) { return job.id == ref; },
      [&](const Job& job) { return is_pid && job.pid == pid && Runs(job); },
      [&](const Job& job) { return job.name == ref && Runs(job); },
      [&](const Job& job) { return job.name == ref; },
      [&](const Job& job) { return !ref.empty() && absl::StartsWith(job.id, ref); },
  };
  for (const Condition& condition : conditions) {
    if (std::vector<Job> found = Those(jobs, condition); !found.empty()) return found;
  }
  if (!is_pid) return {};
  std::vector<Job> ended = Those(jobs, [&](const Job& job) { return job.pid == pid; });
  return ended.empty() ? FindByProcess(jobs, pid, list_processes()) : std::vector<Job>{ended.back()};
}

std::string NearestJob(const std::vector<Job>& jobs, absl::string_view ref) {
  std::vector<std::string> names;
  for (const Job& job : jobs) names.push_back(job.name);
  for (const Job& job : jobs) names.push_back(job.id);
  return Nearest({ref.data(), ref.size()}, names);
}

}  // namespace reloc
