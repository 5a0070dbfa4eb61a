#include "daemon/jobs/job_processes.h"

#include <fcntl.h>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "daemon/jobs/job_mark.h"
#include "reloc/base/file.h"

namespace reloc {
namespace {

bool HasNamespaceMark(const Job& job) { return job.mark.namespaces.mount != 0; }
bool HasEnvironmentMark(const Job& job) {
  return job.engine == Engine::kFakechroot || job.engine == Engine::kProot;
}

// 0: nobody traces it.
pid_t TracerOf(pid_t pid) {
  FixedText<8192> status;
  if (!ReadSmallFile(absl::StrCat("/proc/", pid, "/status").c_str(), &status).ok()) return 0;
  constexpr string_view kField = "\nTracerPid:\t";
  size_t at = status.view().find(kField);
  if (at == string_view::npos) return 0;
  string_view rest;
  uint64_t tracer = 0;
  (void)ParseDecimal(SplitFirst(Suffix(status.view(), at + kField.size()), '\n', &rest), &tracer);
  return static_cast<pid_t>(tracer);
}

std::optional<EnvironmentMark> FindEnvironmentMark(pid_t pid) {
  std::optional<EnvironmentMark> mark = ReadEnvironmentMark(pid);
  if (mark) return mark;
  pid_t tracer = TracerOf(pid);
  return tracer == 0 ? std::nullopt : ReadEnvironmentMark(tracer);
}

// The marks of jobs, looked up for one process after the other. Of jobs with the same mark the last one has
// it: a namespace's number is given away again when all its processes have ended.
class Marks {
 public:
  explicit Marks(const std::vector<Job>& jobs) {
    for (const Job& job : jobs) {
      if (HasNamespaceMark(job)) Claim(job, &by_uts_[job.mark.namespaces.uts]);
      if (HasEnvironmentMark(job)) by_pid_[job.pid].push_back(&job);
    }
  }
  bool empty() const { return by_uts_.empty() && by_pid_.empty(); }

  // nullptr: of none.
  const Job* JobOf(pid_t pid) const {
    if (const Job* job = ByNamespaces(pid); job != nullptr) return job;
    if (by_pid_.empty()) return nullptr;
    std::optional<EnvironmentMark> mark = FindEnvironmentMark(pid);
    if (!mark) return nullptr;
    auto found = by_pid_.find(mark->pid);
    if (found == by_pid_.end()) return nullptr;
    // The first that was heard of afterwards: later ones are other processes with that number.
    const Job* best = nullptr;
    for (const Job* job : found->second) {
      bool fits = mark->IsOf(job->pid, job->mark.heard);
      if (fits && (best == nullptr || job->mark.heard < best->mark.heard)) best = job;
    }
    return best;
  }

 private:
  using Claims = std::vector<const Job*>;  // of different mount namespaces

  static void Claim(const Job& job, Claims* claims) {
    for (const Job*& other : *claims) {
      if (other->mark.namespaces != job.mark.namespaces) continue;
      if (job.mark.heard > other->mark.heard) other = &job;
      return;
    }
    claims->push_back(&job);
  }

  const Job* ByNamespaces(pid_t pid) const {
    if (by_uts_.empty()) return nullptr;
    ProcessNamespaces namespaces = ReadNamespaces(pid);
    auto found = by_uts_.find(namespaces.uts);
    if (found == by_uts_.end()) return nullptr;
    for (const Job* job : found->second) {
      if (job->mark.namespaces == namespaces) return job;
    }
    return nullptr;
  }

  absl::flat_hash_map<uint64_t, Claims> by_uts_;
  absl::flat_hash_map<pid_t, Claims> by_pid_;
};

}  // namespace

JobProcesses JobProcesses::Read(const std::vector<Job>& jobs) {
  JobProcesses found(jobs.empty() ? ProcessTree() : ProcessTree::Read());
  for (const Job& job : jobs) {
    if (job.state == JobState::kRunning) found.roots_[job.id].push_back(job.pid);
  }
  found.AdoptOrphans(jobs);
  return found;
}

// Those that descend from no job's main process are looked at one by one.
void JobProcesses::AdoptOrphans(const std::vector<Job>& jobs) {
  const Marks marks(jobs);
  if (marks.empty()) return;
  std::vector<pid_t> mains;
  for (const Job& job : jobs) {
    if (job.state == JobState::kRunning) mains.push_back(job.pid);
  }
  const std::vector<pid_t> owned = tree_.Descendants(mains);
  const absl::flat_hash_set<pid_t> known(owned.begin(), owned.end());
  for (const auto& [pid, stat] : tree_.processes()) {
    if (known.contains(pid) || stat.state == 'Z') continue;
    if (const Job* job = marks.JobOf(pid); job != nullptr) roots_[job->id].push_back(pid);
  }
}

std::vector<pid_t> JobProcesses::Of(const Job& job) const {
  auto found = roots_.find(job.id);
  return found == roots_.end() ? std::vector<pid_t>() : tree_.Descendants(found->second);
}

bool BearsMark(pid_t pid, const Job& job) {
  if (HasNamespaceMark(job) && ReadNamespaces(pid) == job.mark.namespaces) return true;
  if (!HasEnvironmentMark(job)) return false;
  std::optional<EnvironmentMark> mark = FindEnvironmentMark(pid);
  return mark && mark->IsOf(job.pid, job.mark.heard);
}

}  // namespace reloc
