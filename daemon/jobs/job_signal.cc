#include "daemon/jobs/job_signal.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>

#include <optional>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "daemon/jobs/job_processes.h"
#include "daemon/jobs/pidfd.h"
#include "daemon/jobs/proc_stat.h"

// glibc 2.36 forgot to say so in the header.
extern "C" {
#include <sys/pidfd.h>
}

namespace reloc {
namespace {

// A job that forks as fast as it can is caught up with in a few; one that cannot be caught must not keep us.
constexpr int kMaxRounds = 50;

class JobSignal {
 public:
  JobSignal(const Job& job, int signal) : job_(job), signal_(signal) {}

  // The main process of a job under a tracer passes on what it is sent (launch/supervisor.h): the program
  // would get it twice. It goes on for itself, though.
  bool Spares(pid_t pid) const {
    return pid == job_.pid && job_.engine == Engine::kProot && signal_ != SIGCONT;
  }

  Signalled Run(const UniqueFd& main) {
    if (main.valid()) Add(job_.pid, UniqueFd(::fcntl(main.get(), F_DUPFD_CLOEXEC, 3)));
    for (int round = 0; round < kMaxRounds; ++round) {
      Collect();
      if (!SignalNew()) break;
    }
    return result_;
  }

 private:
  void Add(pid_t pid, UniqueFd fd) {
    if (!fd.valid()) return;
    members_[pid] = std::move(fd);
    order_.push_back(pid);
  }

  bool IsLiveMember(pid_t pid) const {
    auto found = members_.find(pid);
    return found != members_.end() && !HasEnded(found->second.get());
  }

  // True if the process that `fd` is of belongs to the job. What is read by number is true of it as long as
  // it has not ended afterwards; and the parent that it names is ours, if that has not ended either.
  bool Belongs(pid_t pid, int fd) const {
    std::optional<ProcStat> stat = ReadProcStat(pid);
    if (!stat) return false;
    bool member = IsLiveMember(stat->parent) || BearsMark(pid, job_);
    return member && !HasEnded(fd);
  }

  // Finds those that are not known yet. Parents come before their children.
  void Collect() {
    for (pid_t pid : JobProcesses::Read({job_}).Of(job_)) {
      if (IsLiveMember(pid)) continue;
      UniqueFd fd(::pidfd_open(pid, 0));
      if (fd.valid() && Belongs(pid, fd.get())) Add(pid, std::move(fd));
    }
  }

  // False: there was none.
  bool SignalNew() {
    bool any = false;
    for (pid_t pid : std::exchange(order_, {})) {
      if (Spares(pid)) continue;
      any = true;
      if (::pidfd_send_signal(members_[pid].get(), signal_, nullptr, 0) == 0) {
        ++result_.processes;
      } else if (errno == EPERM) {
        ++result_.refused;
      }
    }
    return any;
  }

  const Job& job_;
  int signal_;
  Signalled result_;
  // The job's processes, for sure: each descriptor was opened before it was asked what process it is of.
  absl::flat_hash_map<pid_t, UniqueFd> members_;
  std::vector<pid_t> order_;  // members that were not signalled yet
};

}  // namespace

Signalled SignalJob(const Job& job, const UniqueFd& main, int signal) {
  return JobSignal(job, signal).Run(main);
}

}  // namespace reloc
