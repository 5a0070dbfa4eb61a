#include "daemon/mirrors/mirror_users.h"

#include <stdio.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "daemon/jobs/job_processes.h"
#include "daemon/jobs/journal.h"
#include "reloc/base/file.h"
#include "reloc/launch/daemon_dir.h"

namespace reloc {
namespace {

bool JobsUse(const std::string& name, const JobProcesses& processes, const std::vector<Job>& jobs) {
  return std::any_of(jobs.begin(), jobs.end(),
                     [&](const Job& job) { return job.mirror == name && !processes.Of(job).empty(); });
}

bool LeadsInto(pid_t pid, const char* link, absl::string_view directory) {
  PathText target;
  if (!ReadLink(AT_FDCWD, absl::StrCat("/proc/", pid, "/", link).c_str(), &target).ok()) return false;
  return absl::StartsWith(absl::string_view(target.view().data(), target.view().size()), directory);
}

// What other users run cannot be read, and is none of ours.
bool Maps(pid_t pid, absl::string_view directory) {
  std::unique_ptr<FILE, int (*)(FILE*)> maps(::fopen(absl::StrCat("/proc/", pid, "/maps").c_str(), "re"),
                                             [](FILE* file) { return ::fclose(file); });
  if (maps == nullptr) return false;
  char* line = nullptr;
  size_t room = 0;
  bool found = false;
  while (!found && ::getline(&line, &room, maps.get()) > 0) found = absl::StrContains(line, directory);
  ::free(line);
  return found;
}

}  // namespace

bool HasUsers(const Mirror& mirror, const std::string& daemon_dir, StallGuard* guard) {
  guard->Begin();
  std::vector<Job> jobs;
  Result<DaemonDirectory> dir = OpenDaemonDir(daemon_dir.c_str());
  if (dir.ok()) jobs = ReadJournal(dir->get()).jobs;
  if (JobsUse(MirrorName(mirror.id), JobProcesses::Read(jobs, guard), jobs)) return true;
  std::vector<pid_t> pids;
  const ProcessTree tree = ProcessTree::Read(guard);
  for (const auto& [pid, stat] : tree.processes()) {
    if (pid != ::getpid()) pids.push_back(pid);
  }
  auto uses = guard->ReadEach<bool>(pids, [inside = mirror.path + "/"](pid_t pid) {
    return LeadsInto(pid, "cwd", inside) || LeadsInto(pid, "exe", inside) || Maps(pid, inside);
  });
  const bool used = std::any_of(uses.begin(), uses.end(), [](const auto& each) { return each.second; });
  return used || !guard->complete();
}

}  // namespace reloc
