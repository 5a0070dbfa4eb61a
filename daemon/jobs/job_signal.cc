#include "daemon/jobs/job_signal.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>

#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "daemon/proc/pidfd.h"

// glibc 2.36 forgot to say so in the header.
extern "C" {
#include <sys/pidfd.h>
}

namespace reloc {
namespace {

using relocd::v1::Process;
using relocd::v1::SurveyAnswer;

// A job that forks as fast as it can is caught up with in a few; one that cannot be caught must not keep us.
constexpr int kMaxRounds = 50;

class JobSignal {
 public:
  JobSignal(const Job& job, int signal, LookAtJob look) : job_(job), signal_(signal), look_(look) {}

  // The main process of a job under a tracer passes on what it is sent (launch/program_proxy.h): the program
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

  // Pidfds of those that are not known yet.
  absl::flat_hash_map<pid_t, UniqueFd> OpenNew() const {
    absl::flat_hash_map<pid_t, UniqueFd> opened;
    const SurveyAnswer::Subject processes = look_();
    for (const Process& process : processes.each()) {
      if (IsLiveMember(process.pid())) continue;
      UniqueFd fd(::pidfd_open(process.pid(), 0));
      if (fd.valid()) opened[process.pid()] = std::move(fd);
    }
    return opened;
  }

  // Finds those that are not known yet. What is read by number is true of a process as long as it has not
  // ended afterwards; and the parent that it names is ours, if that has not ended either.
  void Collect() {
    absl::flat_hash_map<pid_t, UniqueFd> opened = OpenNew();
    if (opened.empty()) return;
    const SurveyAnswer::Subject processes = look_();
    const absl::flat_hash_set<pid_t> marked(processes.marked().begin(), processes.marked().end());
    // Parents come before their children.
    for (const Process& process : processes.each()) {
      auto found = opened.find(process.pid());
      if (found == opened.end()) continue;
      const bool member = IsLiveMember(process.parent()) || marked.contains(process.pid());
      if (member && !HasEnded(found->second.get())) Add(process.pid(), std::move(found->second));
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
  LookAtJob look_;
  Signalled result_;
  // The job's processes, for sure: each descriptor was opened before it was asked what process it is of.
  absl::flat_hash_map<pid_t, UniqueFd> members_;
  std::vector<pid_t> order_;  // members that were not signalled yet
};

}  // namespace

Signalled SignalJob(const Job& job, const UniqueFd& main, int signal, LookAtJob look) {
  return JobSignal(job, signal, look).Run(main);
}

}  // namespace reloc
