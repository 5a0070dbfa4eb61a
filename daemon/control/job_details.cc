#include "daemon/control/job_details.h"

#include <fcntl.h>
#include <unistd.h>

#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "absl/time/time.h"
#include "daemon/control/messages.h"
#include "daemon/jobs/job_mark.h"
#include "daemon/timer.h"
#include "reloc/base/file.h"
#include "reloc/job/state_dir.h"

namespace reloc {
namespace {

constexpr size_t kMaxArguments = 4096;  // bytes; for display

std::string PathOf(pid_t pid, absl::string_view name) { return absl::StrCat("/proc/", pid, "/", name); }

// The beginning of a file of /proc; empty where it cannot be read.
std::string ReadText(const std::string& path) {
  std::string text(kMaxArguments, '\0');
  Result<UniqueFd> file = Open(path.c_str(), O_RDONLY);
  Result<size_t> size =
      file.ok() ? ReadAll(file->get(), {text.data(), text.size()}) : Result<size_t>(file.error());
  text.resize(size.ok() ? *size : 0);
  return text;
}

std::string ReadTarget(const std::string& path) {
  PathText target;
  return ReadLink(AT_FDCWD, path.c_str(), &target).ok() ? std::string(target.view()) : "";
}

// "/dev/pts/3", or empty: what the process has open as one of the first three descriptors. The number in
// /proc/PID/stat has no name that could be asked for.
std::string TerminalOf(pid_t pid) {
  for (int fd = 0; fd <= 2; ++fd) {
    std::string target = ReadTarget(PathOf(pid, absl::StrCat("fd/", fd)));
    if (absl::StartsWith(target, "/dev/pts/") || absl::StartsWith(target, "/dev/tty")) return target;
  }
  return "";
}

void AddArguments(pid_t pid, relocd::v1::Process* process) {
  std::string text = ReadText(PathOf(pid, "cmdline"));
  if (text.empty()) return;
  for (absl::string_view argument :
       absl::StrSplit(absl::StripSuffix(text, absl::string_view("\0", 1)), '\0')) {
    process->add_argv(std::string(argument));
  }
}

void AddTraffic(pid_t pid, relocd::v1::Process* process) {
  for (absl::string_view line : absl::StrSplit(ReadText(PathOf(pid, "io")), '\n')) {
    uint64_t bytes = 0;
    if (absl::ConsumePrefix(&line, "read_bytes: ") && absl::SimpleAtoi(line, &bytes)) {
      process->set_read_bytes(bytes);
    } else if (absl::ConsumePrefix(&line, "write_bytes: ") && absl::SimpleAtoi(line, &bytes)) {
      process->set_written_bytes(bytes);
    }
  }
}

void AddProcess(pid_t pid, const ProcStat& stat, relocd::v1::JobDetails* details) {
  relocd::v1::Process* process = details->add_processes();
  process->set_pid(pid);
  process->set_parent(stat.parent);
  process->set_state(std::string(1, stat.state));
  process->set_cpu_seconds(stat.cpu_seconds);
  process->set_rss_bytes(stat.rss_bytes);
  AddArguments(pid, process);
  AddTraffic(pid, process);
}

// Of a job that has a launcher: it is the main process's parent, and keeps the output.
void AddLauncher(const Job& job, const JobProcesses& processes, const std::string& dir,
                 relocd::v1::JobDetails* details) {
  if (job.placement != Placement::kDaemon) return;
  auto main = processes.tree().processes().find(job.pid);
  if (job.state == JobState::kRunning && main != processes.tree().processes().end()) {
    details->set_launcher_pid(main->second.parent);
    details->set_attachable(::access(absl::StrCat(dir, "/jobs/", job.id, "/attach").c_str(), F_OK) == 0);
  }
  const absl::StatusOr<std::string> outputs = OutputDir(dir);
  if (!outputs.ok()) return;
  std::string output = absl::StrCat(*outputs, "/", job.id);
  if (::access(output.c_str(), F_OK) == 0) details->set_output_file(output);
}

}  // namespace

relocd::v1::JobDetails Describe(const Job& job, const JobProcesses& processes, bool each) {
  relocd::v1::JobDetails details;
  const std::vector<pid_t> pids = processes.Of(job);
  *details.mutable_job() = ToMessage(job, processes.tree().UsageOf(pids));
  details.set_sampled_at(absl::ToDoubleSeconds(MonotonicNow()));
  for (pid_t pid : pids) {
    const ProcStat& stat = processes.tree().processes().find(pid)->second;
    if (each && stat.state != 'Z') AddProcess(pid, stat, &details);
  }
  return details;
}

void AddDetails(const Job& job, const JobProcesses& processes, const std::string& dir,
                relocd::v1::JobDetails* details) {
  for (relocd::v1::Process& process : *details->mutable_processes()) {
    process.set_cwd(ReadTarget(PathOf(process.pid(), "cwd")));
    process.set_tty(TerminalOf(process.pid()));
  }
  AddLauncher(job, processes, dir, details);
  if (job.state != JobState::kRunning) return;
  std::string cgroup = ReadText(PathOf(job.pid, "cgroup"));
  details->set_cgroup(std::string(absl::StripSuffix(cgroup, "\n")));
  details->set_cwd(ReadTarget(PathOf(job.pid, "cwd")));
  details->set_tty(TerminalOf(job.pid));
  details->set_mount_namespace(ReadNamespaces(job.pid).mount);
}

}  // namespace reloc
