#include "daemon/jobs/job_processes.h"

#include <fcntl.h>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "daemon/proc/job_mark.h"
#include "reloc/base/file.h"

namespace reloc {
namespace {

bool HasNamespaceMark(const Job& job) { return job.mark.namespaces.mount != 0; }
bool HasEnvironmentMark(const Job& job) {
  return job.engine == Engine::kFakechroot || job.engine == Engine::kProot;
}

std::optional<EnvironmentMark> FindEnvironmentMark(pid_t pid) {
  std::optional<EnvironmentMark> mark = ReadEnvironmentMark(pid);
  if (mark) return mark;
  std::optional<ProcStatus> status = ReadProcStatus(pid);
  return status && status->tracer != 0 ? ReadEnvironmentMark(status->tracer) : std::nullopt;
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
  bool in_namespaces() const { return !by_uts_.empty(); }
  bool in_environments() const { return !by_pid_.empty(); }

  // nullptr: of none.
  const Job* JobOf(const ProcessNamespaces& namespaces) const {
    auto found = by_uts_.find(namespaces.uts);
    if (found == by_uts_.end()) return nullptr;
    for (const Job* job : found->second) {
      if (job->mark.namespaces == namespaces) return job;
    }
    return nullptr;
  }

  const Job* JobOf(const EnvironmentMark& mark) const {
    auto found = by_pid_.find(mark.pid);
    if (found == by_pid_.end()) return nullptr;
    // The first that was heard of afterwards: later ones are other processes with that number.
    const Job* best = nullptr;
    for (const Job* job : found->second) {
      bool fits = mark.IsOf(job->pid, job->mark.heard);
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

  absl::flat_hash_map<uint64_t, Claims> by_uts_;
  absl::flat_hash_map<pid_t, Claims> by_pid_;
};

}  // namespace

JobProcesses JobProcesses::Read(const std::vector<Job>& jobs, StallGuard* guard) {
  JobProcesses found(jobs.empty() ? ProcessTree() : ProcessTree::Read(guard));
  for (const Job& job : jobs) {
    if (job.state == JobState::kRunning) found.mains_[job.id] = job.pid;
  }
  found.AdoptOrphans(jobs, guard);
  return found;
}

// Those that descend from no job's main process are looked at one by one.
void JobProcesses::AdoptOrphans(const std::vector<Job>& jobs, StallGuard* guard) {
  const Marks marks(jobs);
  std::vector<pid_t> mains;
  for (const auto& [id, pid] : mains_) mains.push_back(pid);
  const std::vector<pid_t> owned = tree_.Descendants(mains);
  const absl::flat_hash_set<pid_t> known(owned.begin(), owned.end());
  std::vector<pid_t> orphans;
  for (const auto& [pid, stat] : tree_.processes()) {
    if (!known.contains(pid) && stat.state != 'Z') orphans.push_back(pid);
  }
  auto adopt = [&](pid_t pid, const Job* job) {
    if (job == nullptr) return false;
    marked_[job->id].push_back(pid);
    return true;
  };
  if (marks.in_namespaces()) {
    auto read = guard->ReadEach<ProcessNamespaces>(orphans, ReadNamespaces);
    orphans.erase(std::remove_if(orphans.begin(), orphans.end(),
                                 [&](pid_t pid) {
                                   auto found = read.find(pid);
                                   return found != read.end() && adopt(pid, marks.JobOf(found->second));
                                 }),
                  orphans.end());
  }
  if (!marks.in_environments()) return;
  for (const auto& [pid, mark] :
       guard->ReadEach<std::optional<EnvironmentMark>>(orphans, FindEnvironmentMark)) {
    if (mark) adopt(pid, marks.JobOf(*mark));
  }
}

std::vector<pid_t> JobProcesses::Of(const Job& job) const {
  std::vector<pid_t> roots;
  if (auto main = mains_.find(job.id); main != mains_.end()) roots.push_back(main->second);
  const std::vector<pid_t>& marked = MarkedOf(job);
  roots.insert(roots.end(), marked.begin(), marked.end());
  return roots.empty() ? roots : tree_.Descendants(roots);
}

const std::vector<pid_t>& JobProcesses::MarkedOf(const Job& job) const {
  static const std::vector<pid_t> kNone;
  auto found = marked_.find(job.id);
  return found == marked_.end() ? kNone : found->second;
}

namespace {

using Namespaces = std::vector<UniqueFd>;

// Of the process `pid`, if these are `wanted`.
Namespaces OpenNamespaces(pid_t pid, const ProcessNamespaces& wanted) {
  Namespaces held;
  ProcessNamespaces found;
  for (auto [name, inode] : {std::pair{"mnt", &found.mount}, std::pair{"uts", &found.uts}}) {
    Result<UniqueFd> fd = Open(absl::StrCat("/proc/", pid, "/ns/", name).c_str(), O_RDONLY);
    Result<FileId> id = fd.ok() ? Identify(fd->get()) : Result<FileId>(fd.error());
    if (!id.ok()) return {};
    *inode = id->inode;
    held.push_back(*std::move(fd));
  }
  return found == wanted ? std::move(held) : Namespaces();
}

}  // namespace

std::vector<UniqueFd> HoldMark(const Job& job, const std::vector<pid_t>& pids, StallGuard* guard) {
  if (!HasNamespaceMark(job)) return {};
  for (pid_t pid : pids) {
    auto open = [wanted = job.mark.namespaces](pid_t each) { return OpenNamespaces(each, wanted); };
    for (auto& [read, held] : guard->ReadEach<Namespaces>({pid}, open)) {
      if (!held.empty()) return std::move(held);
    }
  }
  return {};
}

}  // namespace reloc
