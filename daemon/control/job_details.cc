#include "daemon/control/job_details.h"

#include <unistd.h>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "daemon/base/disk_process.h"
#include "daemon/base/timer.h"
#include "daemon/model/messages.h"

namespace reloc {
namespace {

using relocd::v1::Process;
using relocd::v1::SurveyAnswer;

// Of a job that has a launcher: it is the main process's parent, and keeps the output.
void AddLauncher(const Job& job, const SurveyAnswer::Subject& processes, const std::string& dir,
                 const std::string& output_dir, relocd::v1::JobDetails* details) {
  if (job.placement != Placement::kLauncher) return;
  for (const Process& process : processes.each()) {
    if (job.state != JobState::kRunning || process.pid() != job.pid) continue;
    details->set_launcher_pid(process.parent());
    details->set_attachable(::access(absl::StrCat(dir, "/jobs/", job.id, "/attach").c_str(), F_OK) == 0);
  }
  std::string output = absl::StrCat(output_dir, "/", job.id);
  if (IsThere(output)) details->set_output_file(output);
}

}  // namespace

relocd::v1::JobDetails Describe(const Job& job, const SurveyAnswer::Subject& processes, bool each) {
  relocd::v1::JobDetails details;
  *details.mutable_job() = ToMessage(job, UsageOf(processes));
  details.set_sampled_at(absl::ToDoubleSeconds(MonotonicNow()));
  for (const Process& process : processes.each()) {
    if (each && process.state() != "Z") *details.add_processes() = process;
  }
  return details;
}

void AddDetails(const Job& job, const SurveyAnswer::Subject& processes, const std::string& dir,
                const std::string& output_dir, relocd::v1::JobDetails* details) {
  AddLauncher(job, processes, dir, output_dir, details);
  if (job.state != JobState::kRunning) return;
  details->set_cgroup(processes.cgroup());
  details->set_cwd(processes.cwd());
  details->set_tty(processes.tty());
  details->set_mount_namespace(processes.mount_namespace_of_main());
}

}  // namespace reloc
