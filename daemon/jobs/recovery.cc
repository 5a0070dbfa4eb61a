#include "daemon/jobs/recovery.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "daemon/base/log.h"
#include "daemon/jobs/journal.h"
#include "reloc/hosted/status.h"
#include "reloc/job/job_files.h"

namespace reloc {
namespace {

absl::Status AdoptRunning(const Job& job, JobTable* jobs) {
  RELOC_ASSIGN_OR_RETURN(UniqueFd pidfd, ReopenPidfd(job.pid, job.process));
  return jobs->Adopt(job, std::move(pidfd));
}

// How `job`, whose process is gone, ended: as its launcher says, else nobody knows.
Ending FindEnding(int daemon_dir, const Job& job) {
  absl::StatusOr<JobStatus> status = absl::NotFoundError("");
  if (IsJobId(job.id)) status = ReadJobStatus(daemon_dir, job.id);
  if (!status.ok()) {
    if (!absl::IsNotFound(status.status()))
      LogWarning(absl::StrCat("job ", job.id, ": ", status.status().message()));
    return {};
  }
  return {status->wait_status, status->cpu_seconds, status->ended_at};
}

void Complain(int daemon_dir, const JournalContents& left) {
  if (left.damage.empty()) return;
  if (!left.other_version) {
    return LogWarning(absl::StrCat("the journal of jobs is damaged: ", left.damage, "; it tells of ",
                                   left.jobs.size(), " jobs"));
  }
  Errno e = SetJournalAside(daemon_dir);
  LogWarning(
      absl::StrCat("the journal of jobs is of another version of relocd: its jobs go on, but relocctl knows "
                   "them by id alone; ",
                   e.ok() ? "it is kept as journal.other" : "it cannot be kept"));
}

// Of jobs that have ended, now that the journal says how, and of those that never came to be known.
void RemoveFiles(int daemon_dir, const JobTable& jobs) {
  for (const std::string& id : ListJobDirs(daemon_dir)) {
    const Job* job = jobs.Find(id);
    bool over = job != nullptr ? job->state != JobState::kRunning : IsAbandoned(daemon_dir, id);
    if (over) RemoveJobDir(daemon_dir, id);
  }
}

}  // namespace

void RecoverJobs(int daemon_dir, Journal* journal, JobTable* jobs,
                 const std::function<void(const Job&)>& on_ended) {
  JournalContents left = ReadJournal(daemon_dir);
  Complain(daemon_dir, left);
  size_t watched = 0, gone = 0;
  for (Job& job : left.jobs) {
    if (!left.same_boot) job.mark = JobMark();
    if (job.state != JobState::kRunning) {
      on_ended(job);
      jobs->AdoptEnded(std::move(job));
    } else if (left.same_boot && AdoptRunning(job, jobs).ok()) {
      ++watched;
    } else {
      ++gone;
      Ending ending = FindEnding(daemon_dir, job);
      jobs->AdoptGone(std::move(job), ending);
    }
  }
  jobs->KeepIn(journal);
  RemoveFiles(daemon_dir, *jobs);
  if (watched + gone == 0) return;
  LogInfo(absl::StrCat("of the jobs of an earlier daemon ", watched, " run and ", gone, " have ended",
                       left.same_boot ? "" : ", since the host was started anew"));
}

}  // namespace reloc
