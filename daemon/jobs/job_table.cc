#include "daemon/jobs/job_table.h"

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/wait.h>

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "daemon/base/log.h"
#include "daemon/base/timer.h"
#include "daemon/jobs/launcher_process.h"
#include "daemon/proc/pidfd.h"
#include "reloc/hosted/status.h"

namespace reloc {
namespace {

void Describe(const LaunchMessage& message, Job* job) {
  // One with a launcher keeps the name by which its user finds it.
  if (job->name.empty() || job->placement == Placement::kCaller) job->name = message.entry;
  job->pack = message.pack;
  job->program = message.program;
  job->argv = message.argv;
  job->slurm_job = message.slurm_job;
  job->engine = message.engine;
  job->reason = message.reason;
}

// A launch that joined nothing, since the store prefix shows the store as it is, tells of no namespaces: it
// is inside a root, and bears the mark of the job that started it.
JobMark MarkOf(const LaunchMessage& message, const Root* root) {
  // There may be a root for it, and it made one itself: ours was not there in time.
  bool shares_root = root != nullptr && root->made.inode == message.mark.mount;
  return {MarkOf(message.mark, shares_root), MonotonicNow()};
}

void SetEnding(const Ending& ending, Job* job) {
  job->ended_at = ending.ended_at.value_or(absl::Now());
  job->cpu_seconds = ending.cpu_seconds;
  job->wait_status = ending.wait_status.value_or(0);
  job->state = !ending.wait_status              ? JobState::kLost
               : WIFEXITED(*ending.wait_status) ? JobState::kExited
                                                : JobState::kKilled;
}

}  // namespace

JobTable::~JobTable() {
  for (auto& [pid, running] : running_) {
    loop_->Forget(running->pidfd.get());
    loop_->Forget(running->launcher.get());
  }
}

absl::StatusOr<JobTable::Running*> JobTable::Add(UniqueFd pidfd, pid_t pid, uid_t uid) {
  RELOC_RETURN_IF_ERROR(Watch(pid, pidfd.get(), EPOLLIN));
  auto& running = running_[pid] = std::make_unique<Running>();
  running->job.process = IdentifyProcess(pidfd.get(), pid);
  running->pidfd = std::move(pidfd);
  running->job.number = next_number_++;
  running->job.pid = pid;
  running->job.uid = uid;
  running->job.started_at = absl::Now();
  return running.get();
}

absl::Status JobTable::Started(UniqueFd pidfd, pid_t pid, uid_t uid, const LaunchMessage& message,
                               RootLease root, std::string mirror) {
  Running* running = FindRunning(pid, pidfd.get());
  if (running == nullptr) {
    RELOC_ASSIGN_OR_RETURN(running, Add(std::move(pidfd), pid, uid));
    running->job.id = NewJobId();
  }
  const bool is_new = !std::exchange(running->described, true);
  Describe(message, &running->job);
  // A program that becomes another pack's has another mark.
  running->job.mark = MarkOf(message, root.get());
  running->job.mirror = std::move(mirror);
  running->root = std::move(root);
  Record(running->job);
  if (is_new) Publish(EventType::kLaunch, running->job);
  if (running->job.reason != Reason::kNone) Publish(EventType::kFallback, running->job);
  if (LogsDebug()) LogDebug(absl::StrCat("job ", running->job.id, ": ", running->job.name, ", pid ", pid));
  return absl::OkStatus();
}

absl::Status JobTable::Bind(const std::string& id, UniqueFd pidfd, pid_t pid, uid_t uid) {
  if (FindRunning(pid, pidfd.get()) != nullptr) {
    return absl::FailedPreconditionError("this process is another job");
  }
  std::optional<std::string> name = reservations_.Take(id);
  if (!name) return absl::NotFoundError("nothing is reserved under this id (any more)");
  RELOC_ASSIGN_OR_RETURN(Running * running, Add(std::move(pidfd), pid, uid));
  running->job.id = id;
  running->job.name = *std::move(name);
  running->job.placement = Placement::kLauncher;
  Record(running->job);
  return absl::OkStatus();
}

absl::StatusOr<std::string> JobTable::Reserve(absl::string_view name) {
  for (const auto& [pid, running] : running_) {
    if (name.empty() || running->job.placement != Placement::kLauncher || running->job.name != name) continue;
    return absl::AlreadyExistsError(
        absl::StrCat("job ", running->job.id, ", which runs, has the name ", name, "; choose another"));
  }
  return reservations_.Reserve(name);
}

JobTable::Running* JobTable::FindById(const std::string& id) const {
  auto found = std::find_if(running_.begin(), running_.end(),
                            [&](const auto& entry) { return entry.second->job.id == id; });
  return found == running_.end() ? nullptr : found->second.get();
}

void JobTable::Ended(const std::string& id, int wait_status) {
  Running* running = FindById(id);
  if (running == nullptr) return;
  // /proc tells what it used, as long as the launcher has not waited for it.
  Ending ending = ReadEnding(running->pidfd.get(), running->job.pid).value_or(Ending());
  ending.wait_status = wait_status;
  End(running, ending);
}

void JobTable::Abandoned(const std::string& id, int wait_status) {
  Running* running = FindById(id);
  if (running == nullptr) return;
  if (running->described) return Ended(id, wait_status);
  Unwatch(running);
  if (journal_ != nullptr) journal_->Rewrite(InOrder(true));
  on_end_();
}

// The job of this very process. One that has ended and had the same number ends here: its event may still be
// on its way.
JobTable::Running* JobTable::FindRunning(pid_t pid, int pidfd) {
  auto found = running_.find(pid);
  if (found == running_.end()) return nullptr;
  if (SameProcess(found->second->pidfd.get(), pidfd)) return found->second.get();
  // The number was given away, so the parent has waited: there is no other time to ask.
  End(found->second.get(), ReadEnding(found->second->pidfd.get(), pid).value_or(Ending()));
  return nullptr;
}

absl::Status JobTable::Watch(pid_t pid, int pidfd, uint32_t events) {
  loop_->Forget(pidfd);
  return loop_->Watch(pidfd, events, [this, pid](uint32_t what) { OnEvent(pid, what); });
}

void JobTable::OnEvent(pid_t pid, uint32_t events) {
  auto found = running_.find(pid);
  if (found == running_.end()) return;
  Running* running = found->second.get();
  // It has not ended: whatever woke us, its end is still to come.
  if (!HasEnded(running->pidfd.get())) return;
  // Whether it was a job at all its launcher tells, as long as it has not waited for it.
  const bool word_is_due = !running->described && (events & EPOLLHUP) == 0;
  if (!word_is_due || !AwaitLauncher(running).ok()) TakeEnding(running);
}

// Of a job that has ended: until its launcher tells how, or is gone.
absl::Status JobTable::AwaitLauncher(Running* running) {
  const pid_t pid = running->job.pid;
  RELOC_ASSIGN_OR_RETURN(running->launcher, OpenLauncher(daemon_dir_, running->job.id));
  RELOC_RETURN_IF_ERROR(
      loop_->Watch(running->launcher.get(), EPOLLIN, [this, pid](uint32_t) { OnLauncherGone(pid); }));
  return Watch(pid, running->pidfd.get(), 0);  // EPOLLHUP is always reported
}

void JobTable::OnLauncherGone(pid_t pid) {
  auto found = running_.find(pid);
  if (found == running_.end()) return;
  loop_->Close(std::move(found->second->launcher));
  TakeEnding(found->second.get());
}

void JobTable::TakeEnding(Running* running) {
  const int pidfd = running->pidfd.get();
  if (std::optional<Ending> ending = ReadEnding(pidfd, running->job.pid)) return End(running, *ending);
  // EPOLLHUP is always reported. If it cannot be watched nothing will be known of this ending.
  if (!Watch(running->job.pid, pidfd, 0).ok()) End(running, Ending());
}

Job JobTable::Unwatch(Running* running) {
  loop_->Close(std::move(running->pidfd));
  loop_->Close(std::move(running->launcher));
  Job job = std::move(running->job);
  running_.erase(job.pid);
  return job;
}

void JobTable::End(Running* running, const Ending& ending) {
  Job job = Unwatch(running);
  SetEnding(ending, &job);
  const Job& ended = Remember(std::move(job));
  Record(ended);
  Publish(EventType::kExit, ended);
  on_end_();
}

const Job& JobTable::Remember(Job job) {
  ended_.push_back(std::move(job));
  if (ended_.size() > max_ended_) ended_.pop_front();
  return ended_.back();
}

absl::Status JobTable::Adopt(Job job, UniqueFd pidfd) {
  const pid_t pid = job.pid;
  if (running_.contains(pid)) return absl::AlreadyExistsError("two jobs of one process");
  RELOC_RETURN_IF_ERROR(Watch(pid, pidfd.get(), EPOLLIN));
  job.number = next_number_++;
  const bool described = job.placement == Placement::kCaller || !job.program.empty();
  running_[pid] =
      std::make_unique<Running>(Running{std::move(job), std::move(pidfd), nullptr, described, UniqueFd()});
  return absl::OkStatus();
}

void JobTable::AdoptGone(Job job, const Ending& ending) {
  job.number = next_number_++;
  SetEnding(ending, &job);
  Publish(EventType::kExit, Remember(std::move(job)));
}

void JobTable::AdoptEnded(Job job) {
  job.number = next_number_++;
  Remember(std::move(job));
}

void JobTable::KeepIn(Journal* journal) {
  journal_ = journal;
  journal_->Rewrite(InOrder(true));
}

bool JobTable::has_launchers() const {
  return std::any_of(running_.begin(), running_.end(),
                     [](const auto& entry) { return entry.second->job.placement == Placement::kLauncher; });
}

void JobTable::MendJournal() {
  if (journal_ != nullptr && !journal_->IsInPlace()) journal_->Rewrite(InOrder(true));
}

void JobTable::Record(const Job& job) {
  if (journal_ == nullptr) return;
  journal_->Write(job);
  // Its launcher relies on what it is answered.
  if (job.placement == Placement::kLauncher) journal_->Flush();
  if (journal_->wants_rewrite()) journal_->Rewrite(InOrder(true));
}

void JobTable::Publish(EventType type, const Job& job) {
  events_->Publish({type, type == EventType::kExit ? job.ended_at : job.started_at, &job, nullptr, {}});
}

const Job* JobTable::Find(const std::string& id) const {
  for (const auto& [pid, running] : running_) {
    if (running->job.id == id) return &running->job;
  }
  auto found = std::find_if(ended_.begin(), ended_.end(), [&](const Job& job) { return job.id == id; });
  return found == ended_.end() ? nullptr : &*found;
}

size_t JobTable::CountOn(const std::string& mirror) const {
  return static_cast<size_t>(std::count_if(running_.begin(), running_.end(), [&](const auto& entry) {
    return entry.second->job.mirror == mirror;
  }));
}

UniqueFd JobTable::OpenProcess(const std::string& id) const {
  for (const auto& [pid, running] : running_) {
    if (running->job.id == id) return UniqueFd(::fcntl(running->pidfd.get(), F_DUPFD_CLOEXEC, 3));
  }
  return UniqueFd();
}

bool JobTable::HasLostMark(const Job& job) const {
  auto takes = [&](const Job& other) {
    return other.mark.namespaces == job.mark.namespaces && other.mark.heard > job.mark.heard;
  };
  return std::any_of(running_.begin(), running_.end(),
                     [&](const auto& entry) { return takes(entry.second->job); }) ||
         std::any_of(ended_.begin(), ended_.end(), takes);
}

std::vector<const Job*> JobTable::InOrder(bool include_ended) const {
  std::vector<const Job*> jobs;
  jobs.reserve(running_.size() + ended_.size());
  for (const auto& [pid, running] : running_) jobs.push_back(&running->job);
  if (include_ended) {
    for (const Job& job : ended_) jobs.push_back(&job);
  }
  std::sort(jobs.begin(), jobs.end(), [](const Job* a, const Job* b) { return a->number < b->number; });
  return jobs;
}

void JobTable::ForEach(absl::FunctionRef<void(const Job&)> show) const {
  for (const auto& [pid, running] : running_) show(running->job);
  for (const Job& job : ended_) show(job);
}

std::vector<Job> JobTable::List(bool include_ended) const {
  std::vector<Job> list;
  for (const Job* job : InOrder(include_ended)) list.push_back(*job);
  return list;
}

}  // namespace reloc
