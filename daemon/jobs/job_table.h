// The jobs: those that run, each watched through its pidfd, and the last ones that ended.
//
// The caller becomes the program, so a job is no child of ours: it neither waits for us nor ends with us.
#pragma once

#include <sys/types.h>

#include <deque>
#include <functional>
#include <memory>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "daemon/event_loop.h"
#include "daemon/events/event_bus.h"
#include "daemon/jobs/job.h"
#include "daemon/jobs/pidfd.h"
#include "daemon/roots/root_cache.h"
#include "reloc/base/unique_fd.h"
#include "reloc/launch/wire.h"

namespace reloc {

class JobTable {
 public:
  // `loop` and `events` must outlive the table. Launches and endings are published; `on_end` is called after
  // each ending. The last `max_ended` ended jobs are remembered.
  JobTable(EventLoop* loop, const EventBus* events, size_t max_ended, std::function<void()> on_end)
      : loop_(loop), events_(events), max_ended_(max_ended), on_end_(std::move(on_end)) {}
  ~JobTable();
  JobTable(const JobTable&) = delete;
  JobTable& operator=(const JobTable&) = delete;

  // The process `pid`, watched by `pidfd`, is about to become the program that `message` tells of, in `root`
  // (or nullptr). The same process again (another attempt after a failed one, or a program that executes
  // another pack's entry) is the same job.
  absl::Status Started(UniqueFd pidfd, pid_t pid, uid_t uid, const LaunchMessage& message, RootLease root);

  size_t running() const { return running_.size(); }
  // nullptr: neither runs nor is remembered.
  const Job* Find(const std::string& id) const;
  // A pidfd of the job's main process; not valid if that has ended.
  UniqueFd OpenProcess(const std::string& id) const;
  // True if a later job has the mark of `job`, whose processes must all have ended before: the kernel gives
  // the numbers of namespaces away again.
  bool HasLostMark(const Job& job) const;
  // Oldest first.
  std::vector<Job> List(bool include_ended) const;

 private:
  struct Running {
    Job job;
    UniqueFd pidfd;
    RootLease root;
  };

  Running* FindRunning(pid_t pid, int pidfd);
  absl::Status Watch(pid_t pid, int pidfd, uint32_t events);
  void OnEvent(pid_t pid);
  void Publish(EventType type, const Job& job);
  void End(Running* running, const Ending& ending);

  EventLoop* loop_;
  const EventBus* events_;
  size_t max_ended_;
  std::function<void()> on_end_;
  absl::flat_hash_map<pid_t, std::unique_ptr<Running>> running_;
  std::deque<Job> ended_;
};

}  // namespace reloc
