// The jobs: those that run, each watched through its pidfd, and the last ones that ended.
//
// The caller becomes the program, so a job is no child of ours: it neither waits for us nor ends with us.
#pragma once

#include <sys/types.h>

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "daemon/base/event_loop.h"
#include "daemon/jobs/journal.h"
#include "daemon/jobs/reservations.h"
#include "daemon/model/event_bus.h"
#include "daemon/model/job.h"
#include "daemon/proc/pidfd.h"
#include "daemon/roots/root_cache.h"
#include "reloc/base/unique_fd.h"
#include "reloc/launch/wire.h"

namespace reloc {

class JobTable {
 public:
  // `loop`, `events` and `daemon_dir` (a descriptor) must outlive the table. Launches and endings are
  // published; `on_end` is called after each ending. The last `max_ended` (at least one) ended jobs are
  // remembered.
  JobTable(EventLoop* loop, const EventBus* events, int daemon_dir, size_t max_ended,
           std::function<void()> on_end)
      : loop_(loop),
        events_(events),
        daemon_dir_(daemon_dir),
        max_ended_(max_ended),
        on_end_(std::move(on_end)) {}
  ~JobTable();
  JobTable(const JobTable&) = delete;
  JobTable& operator=(const JobTable&) = delete;

  // The process `pid`, watched by `pidfd`, is about to become the program that `message` tells of, in `root`
  // (or nullptr), from `mirror` (a name; empty: from the pack itself). The same process again (another
  // attempt after a failed one, or a program that executes another pack's entry) is the same job.
  absl::Status Started(UniqueFd pidfd, pid_t pid, uid_t uid, const LaunchMessage& message, RootLease root,
                       std::string mirror = {});

  // From now on each change is written into `journal`, beginning with all jobs that are known now. It must
  // outlive the table.
  void KeepIn(Journal* journal);
  // Writes the journal anew if someone removed it.
  void MendJournal();
  // Jobs of an earlier daemon, in the order of their starts, before KeepIn(). One that runs, watched by
  // `pidfd`; one that ended while nobody was there, as `ending` says, which is published; one that ended
  // before.
  absl::Status Adopt(Job job, UniqueFd pidfd);
  void AdoptGone(Job job, const Ending& ending);
  void AdoptEnded(Job job);

  // For a job that a launcher is about to start (reservations.h). AlreadyExists also if a running one that
  // has a launcher goes by that name.
  absl::StatusOr<std::string> Reserve(absl::string_view name);
  void Release(const std::string& id) { reservations_.Release(id); }
  // The process `pid`, watched by `pidfd`, is the job of which that was reserved; Started() will tell what it
  // runs. It is in the journal from here on: should relocd be killed before it hears of the launch, the job
  // is known all the same. NotFound: nothing is reserved so.
  absl::Status Bind(const std::string& id, UniqueFd pidfd, pid_t pid, uid_t uid);
  // The job's launcher tells how it ended. Nothing if that is known already.
  void Ended(const std::string& id, int wait_status);
  // The same of a job whose program was never executed: if nothing else is known of it, it was none.
  void Abandoned(const std::string& id, int wait_status);

  size_t running() const { return running_.size(); }
  // True while a job runs that has a launcher.
  bool has_launchers() const;
  // nullptr: neither runs nor is remembered.
  const Job* Find(const std::string& id) const;
  // How many run from the mirror of that name.
  size_t CountOn(const std::string& mirror) const;
  // A pidfd of the job's main process; not valid if that has ended.
  UniqueFd OpenProcess(const std::string& id) const;
  // True if a later job has the mark of `job`, whose processes must all have ended before: the kernel gives
  // the numbers of namespaces away again.
  bool HasLostMark(const Job& job) const;
  // Shows each job, those that ended and are remembered too, in no order.
  void ForEach(absl::FunctionRef<void(const Job&)> show) const;
  // Oldest first.
  std::vector<Job> List(bool include_ended) const;

 private:
  struct Running {
    Job job;
    UniqueFd pidfd;
    RootLease root;
    bool described = false;  // Started() has told what it runs
    UniqueFd launcher;       // a pidfd, while its word is awaited
  };

  Running* FindRunning(pid_t pid, int pidfd);
  Running* FindById(const std::string& id) const;
  absl::StatusOr<Running*> Add(UniqueFd pidfd, pid_t pid, uid_t uid);
  absl::Status Watch(pid_t pid, int pidfd, uint32_t events);
  void OnEvent(pid_t pid, uint32_t events);
  absl::Status AwaitLauncher(Running* running);
  void OnLauncherGone(pid_t pid);
  void TakeEnding(Running* running);
  Job Unwatch(Running* running);
  void Publish(EventType type, const Job& job);
  void End(Running* running, const Ending& ending);
  const Job& Remember(Job job);
  void Record(const Job& job);
  std::vector<const Job*> InOrder(bool include_ended) const;

  EventLoop* loop_;
  const EventBus* events_;
  int daemon_dir_;
  size_t max_ended_;
  std::function<void()> on_end_;
  absl::flat_hash_map<pid_t, std::unique_ptr<Running>> running_;
  Reservations reservations_;
  std::deque<Job> ended_;
  uint64_t next_number_ = 1;
  Journal* journal_ = nullptr;
};

}  // namespace reloc
