#include "daemon/processes/survey.h"

#include <string>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "daemon/jobs/job_processes.h"
#include "daemon/processes/process_details.h"

namespace reloc {
namespace {

using relocd::v1::Process;
using relocd::v1::SurveyAnswer;
using relocd::v1::SurveyRequest;

// What reading a process's files takes, on a busy host too, is far below. The whole answer has to come while
// somebody still waits for it: see process_reader.h.
constexpr absl::Duration kStall = absl::Milliseconds(100);
constexpr absl::Duration kAllReads = absl::Milliseconds(900);

// As much of the job as JobProcesses asks for. Its place among the others is its id.
Job ToJob(const SurveyRequest::Subject& subject, int index) {
  Job job;
  job.id = absl::StrCat(index);
  job.pid = subject.pid();
  job.state = subject.running() ? JobState::kRunning : JobState::kLost;
  job.engine = static_cast<Engine>(subject.engine());
  job.mark.namespaces = {subject.mount_namespace(), subject.uts_namespace()};
  job.mark.heard = absl::Nanoseconds(subject.heard_ns());
  return job;
}

Process ReadProcess(pid_t pid, SurveyRequest::Depth depth) {
  Process process;
  AddResources(pid, &process);
  if (depth == SurveyRequest::DETAILS) AddPlace(pid, &process);
  return process;
}

using Details = absl::flat_hash_map<pid_t, Process>;

Details ReadDetails(const std::vector<pid_t>& pids, SurveyRequest::Depth depth, StallGuard* guard) {
  if (depth != SurveyRequest::RESOURCES && depth != SurveyRequest::DETAILS) return {};
  return guard->ReadEach<Process>(pids, [depth](pid_t pid) { return ReadProcess(pid, depth); });
}

void AddProcess(pid_t pid, const ProcStat& stat, Details* details, SurveyAnswer::Subject* answer) {
  Process* process = answer->add_each();
  if (auto known = details->find(pid); known != details->end()) *process = std::move(known->second);
  process->set_pid(pid);
  process->set_parent(stat.parent);
  process->set_state(std::string(1, stat.state));
  process->set_cpu_seconds(stat.cpu_seconds);
  process->set_rss_bytes(stat.rss_bytes);
}

// What is told of the job's main process alone.
void AddMain(pid_t pid, StallGuard* guard, SurveyAnswer::Subject* answer) {
  for (const Process& process : answer->each()) {
    if (process.pid() != pid) continue;
    answer->set_cwd(process.cwd());
    answer->set_tty(process.tty());
  }
  for (const auto& [read, cgroup] : guard->ReadEach<std::string>({pid}, ReadCgroup)) {
    answer->set_cgroup(cgroup);
  }
  for (const auto& [read, namespaces] : guard->ReadEach<ProcessNamespaces>({pid}, ReadNamespaces)) {
    answer->set_mount_namespace_of_main(namespaces.mount);
  }
}

void Describe(const Job& job, const JobProcesses& processes, SurveyRequest::Depth depth, StallGuard* guard,
              SurveyAnswer::Subject* answer) {
  const std::vector<pid_t> pids = processes.Of(job);
  const Usage usage = processes.tree().UsageOf(pids);
  answer->set_processes(usage.processes);
  answer->set_cpu_seconds(usage.cpu_seconds);
  answer->set_rss_bytes(usage.rss_bytes);
  if (depth == SurveyRequest::USAGE) return;
  Details details = ReadDetails(pids, depth, guard);
  for (pid_t pid : pids) AddProcess(pid, processes.tree().processes().find(pid)->second, &details, answer);
  for (pid_t pid : processes.MarkedOf(job)) answer->add_marked(pid);
  const bool has_main = job.state == JobState::kRunning && processes.tree().processes().contains(job.pid);
  if (depth == SurveyRequest::DETAILS && has_main) AddMain(job.pid, guard, answer);
}

}  // namespace

SurveyRequest::Subject SubjectOf(const Job& job, bool wanted) {
  SurveyRequest::Subject subject;
  subject.set_pid(job.pid);
  subject.set_running(job.state == JobState::kRunning);
  subject.set_engine(static_cast<int>(job.engine));
  subject.set_mount_namespace(job.mark.namespaces.mount);
  subject.set_uts_namespace(job.mark.namespaces.uts);
  subject.set_heard_ns(absl::ToInt64Nanoseconds(job.mark.heard));
  subject.set_wanted(wanted);
  return subject;
}

Surveyor::Surveyor() : guard_(kStall, kAllReads) {}

SurveyAnswer Surveyor::Answer(const SurveyRequest& request) {
  guard_.Begin();
  std::vector<Job> jobs;
  for (const SurveyRequest::Subject& subject : request.jobs()) {
    jobs.push_back(ToJob(subject, static_cast<int>(jobs.size())));
  }
  const JobProcesses processes = JobProcesses::Read(jobs, &guard_);
  SurveyAnswer answer;
  for (size_t i = 0; i < jobs.size(); ++i) {
    SurveyAnswer::Subject* job = answer.add_jobs();
    if (request.jobs(static_cast<int>(i)).wanted()) {
      Describe(jobs[i], processes, request.depth(), &guard_, job);
    }
  }
  if (!request.hold_mark()) held_.clear();
  if (request.hold_mark() && held_.empty() && !jobs.empty()) {
    held_ = HoldMark(jobs[0], processes.Of(jobs[0]), &guard_);
  }
  answer.set_holds_mark(!held_.empty());
  answer.set_complete(guard_.complete());
  return answer;
}

}  // namespace reloc
