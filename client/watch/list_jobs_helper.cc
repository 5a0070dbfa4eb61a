#include "client/watch/list_jobs_helper.h"

#include <grp.h>
#include <linux/capability.h>
#include <malloc.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "client/base/control_client.h"
#include "client/watch/listed_job.h"
#include "client/watch/user_places.h"
#include "reloc/base/file.h"
#include "reloc/hosted/status.h"

namespace reloc {
namespace {

constexpr unsigned kLifeSeconds = 5;  // in case nothing ends it
constexpr gid_t kNoGroup = 65534;

// Looks in /etc/passwd; other sources of users are libraries, which root must not load for this.
gid_t GroupOf(uid_t uid) {
  std::unique_ptr<FILE, int (*)(FILE*)> users(::fopen("/etc/passwd", "re"), ::fclose);
  while (const struct passwd* user = users == nullptr ? nullptr : ::fgetpwent(users.get())) {
    if (user->pw_uid == uid) return user->pw_gid;
  }
  return kNoGroup;
}

// Limits what the daemon that is asked could make this process use up.
void SetLimits() {
  ::mallopt(M_ARENA_MAX, 1);  // each reserves 128 MB
  constexpr struct {
    __rlimit_resource resource;
    rlim_t limit;
  } kLimits[] = {{RLIMIT_AS, rlim_t{2} << 30},
                 {RLIMIT_CPU, kLifeSeconds},
                 {RLIMIT_NOFILE, 64},
                 {RLIMIT_FSIZE, 0},
                 {RLIMIT_CORE, 0}};
  for (const auto& [resource, limit] : kLimits) {
    const struct rlimit both = {limit, limit};
    (void)::setrlimit(resource, &both);
  }
  ::alarm(kLifeSeconds);
}

bool DropCapabilities() {
  struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {};
  return ::syscall(SYS_capset, &header, none) == 0;
}

// For good: irreversibly, and without any of root's groups. Returns false if anything failed.
bool Become(uid_t uid, gid_t gid) {
  bool changed = ::setgroups(0, nullptr) == 0 && ::setresgid(gid, gid, gid) == 0 &&
                 ::setresuid(uid, uid, uid) == 0 && DropCapabilities();
  uid_t real, effective, saved;
  bool is_user = changed && ::getresuid(&real, &effective, &saved) == 0 && real == uid && effective == uid &&
                 saved == uid && ::setuid(0) != 0;
  // After the change of uid, which undoes both.
  return is_user && ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && ::prctl(PR_SET_DUMPABLE, 0) == 0 &&
         ::prctl(PR_SET_PDEATHSIG, SIGKILL) == 0;
}

bool WriteRecord(const ListedJob& record) {
  return WriteAll(STDOUT_FILENO, {reinterpret_cast<const char*>(&record), sizeof record}).ok();
}

ListedKind KindOf(const absl::Status& status) {
  if (absl::IsDeadlineExceeded(status)) return ListedKind::kSilent;
  return absl::IsPermissionDenied(status) ? ListedKind::kForeign : ListedKind::kFailed;
}

absl::StatusOr<std::vector<relocd::v1::Job>> Ask(const std::string& dir, bool include_ended) {
  RELOC_ASSIGN_OR_RETURN(auto client, ControlClient::Connect(dir));
  return client->ListJobs(include_ended);
}

// Writes running jobs first, if there are too many. Returns how many may still be written.
size_t WriteJobs(std::vector<relocd::v1::Job> jobs, size_t left) {
  std::stable_partition(jobs.begin(), jobs.end(), [](const relocd::v1::Job& job) {
    return job.state() == relocd::v1::Job::STATE_RUNNING;
  });
  if (jobs.size() > left) WriteRecord(MakeListed(ListedKind::kTooMany));
  jobs.resize(std::min(jobs.size(), left));
  for (const relocd::v1::Job& job : jobs) WriteRecord(ToListed(job));
  return left - jobs.size();
}

void WriteAll(uid_t uid, const std::vector<std::string>& names, bool include_ended) {
  size_t left = kMaxListedJobs;
  ListedJob end = MakeListed(ListedKind::kEnd);
  for (const std::string& dir : DaemonDirsOf(uid, names)) {
    absl::StatusOr<std::vector<relocd::v1::Job>> jobs = Ask(dir, include_ended);
    if (jobs.ok()) {
      left = WriteJobs(*std::move(jobs), left);
      ++end.processes;
    } else if (!absl::IsNotFound(jobs.status())) {
      WriteRecord(MakeListed(KindOf(jobs.status())));
    }
  }
  WriteRecord(end);
}

}  // namespace

int ListJobsForRoot(int argc, char** argv) {
  uint32_t uid = 0;
  if (::geteuid() != 0 || argc < 4 || !absl::SimpleAtoi(argv[2], &uid) || uid == 0) return 125;
  if (::chdir("/") != 0) return 125;
  ::closefrom(STDERR_FILENO + 1);
  SetLimits();
  if (!Become(uid, GroupOf(uid))) {
    WriteRecord(MakeListed(ListedKind::kRefused));
    return 1;
  }
  WriteAll(uid, {argv + 4, argv + argc}, strcmp(argv[3], "all") == 0);
  return 0;
}

}  // namespace reloc
