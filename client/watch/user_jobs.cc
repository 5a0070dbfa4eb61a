#include "client/watch/user_jobs.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "client/watch/list_jobs_helper.h"

namespace reloc {
namespace {

constexpr size_t kMaxRecords = kMaxListedBytes / sizeof(ListedJob);
constexpr size_t kMaxWarnings = 20;

const char* WhatIsWrong(ListedKind kind) {
  switch (kind) {
    case ListedKind::kSilent:
      return "the daemon does not answer";
    case ListedKind::kForeign:
      return "the daemon's directory, or what serves there, is somebody else's";
    case ListedKind::kFailed:
      return "the daemon does not tell its jobs";
    case ListedKind::kTooMany:
      return "there are more jobs than are listed";
    case ListedKind::kRefused:
      return "no process with this uid could be made";
    default:
      return nullptr;
  }
}

// Starts a process in its own session, with neither root's terminal nor anything else of root's except the
// pipe. Returns 0 if it could not be started.
pid_t Spawn(const std::vector<std::string>& command, int output) {
  std::vector<char*> argv;
  for (const std::string& argument : command) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  char* no_environment[] = {nullptr};
  posix_spawnattr_t attributes;
  posix_spawn_file_actions_t files;
  ::posix_spawnattr_init(&attributes);
  ::posix_spawn_file_actions_init(&files);
  sigset_t none, all;
  sigemptyset(&none);
  sigfillset(&all);
  ::posix_spawnattr_setsigmask(&attributes, &none);
  ::posix_spawnattr_setsigdefault(&attributes, &all);
  ::posix_spawnattr_setflags(&attributes,
                             POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  ::posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDWR, 0);
  ::posix_spawn_file_actions_adddup2(&files, output, STDOUT_FILENO);
  ::posix_spawn_file_actions_adddup2(&files, STDIN_FILENO, STDERR_FILENO);
  pid_t pid = 0;
  int error = ::posix_spawn(&pid, "/proc/self/exe", &files, &attributes, argv.data(), no_environment);
  ::posix_spawn_file_actions_destroy(&files);
  ::posix_spawnattr_destroy(&attributes);
  return error == 0 ? pid : 0;
}

}  // namespace

UserJobs::~UserJobs() {
  for (Helper& helper : helpers_) End(&helper);
}

void UserJobs::Start(const std::map<uid_t, std::vector<std::string>>& users, bool include_ended) {
  ::signal(SIGCHLD, SIG_DFL);  // so that a pid belongs to a helper until it is reaped
  for (const auto& [uid, names] : users) StartOne(uid, names, include_ended);
}

void UserJobs::StartOne(uid_t uid, const std::vector<std::string>& names, bool include_ended) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return Warn(uid, strerror(errno));
  UniqueFd ours(ends[0]);
  UniqueFd theirs(ends[1]);
  if (::fcntl(ours.get(), F_SETFL, O_NONBLOCK) != 0) return Warn(uid, strerror(errno));
  std::vector<std::string> command = {"relocctl", kListJobsHelper, absl::StrCat(uid),
                                      include_ended ? "all" : "running"};
  command.insert(command.end(), names.begin(), names.end());
  const pid_t pid = Spawn(command, theirs.get());
  if (pid == 0) return Warn(uid, "no process could be started to ask the daemon");
  Add(uid, std::move(ours), pid);
}

void UserJobs::Add(uid_t uid, UniqueFd pipe, pid_t pid) {
  Helper helper;
  helper.uid = uid;
  helper.pid = pid;
  helper.pipe = std::move(pipe);
  helpers_.push_back(std::move(helper));
}

void UserJobs::Collect(absl::Time deadline) {
  while (true) {
    std::vector<struct pollfd> fds;
    for (const Helper& helper : helpers_) {
      fds.push_back({helper.pipe.valid() ? helper.pipe.get() : -1, POLLIN, 0});
    }
    auto open = [](const struct pollfd& fd) { return fd.fd >= 0; };
    const int64_t left = absl::ToInt64Milliseconds(deadline - absl::Now());
    if (left <= 0 || std::none_of(fds.begin(), fds.end(), open)) break;
    const int wait = static_cast<int>(std::min<int64_t>(left, INT_MAX));
    if (::poll(fds.data(), fds.size(), wait) < 0 && errno != EINTR) break;
    for (size_t i = 0; i < fds.size(); ++i) {
      if (open(fds[i]) && fds[i].revents != 0) Read(&helpers_[i]);
    }
  }
  for (Helper& helper : helpers_) {
    if (helper.pipe.valid()) Warn(helper.uid, "the daemon does not answer in time");
    End(&helper);
  }
}

// Reads one piece at a time, so that each helper gets its turn.
void UserJobs::Read(Helper* helper) {
  char chunk[64 * sizeof(ListedJob)];
  ssize_t size = ::read(helper->pipe.get(), chunk, sizeof chunk);
  if (size < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (size <= 0) {
    if (!helper->ended) Warn(helper->uid, "the answer is not complete");
    return End(helper);
  }
  helper->bytes.append(chunk, static_cast<size_t>(size));
  size_t taken = 0;
  for (; helper->pipe.valid() && helper->bytes.size() - taken >= sizeof(ListedJob);
       taken += sizeof(ListedJob)) {
    ListedJob record;
    memcpy(&record, helper->bytes.data() + taken, sizeof record);
    Take(record, helper);
  }
  helper->bytes.erase(0, taken);
}

void UserJobs::Take(const ListedJob& record, Helper* helper) {
  absl::StatusOr<relocd::v1::Job> job = FromListed(record, helper->uid);
  const char* wrong = WhatIsWrong(record.kind);
  const bool fits = ++helper->records <= kMaxRecords && helper->jobs < kMaxListedJobs;
  if (!fits || helper->ended || !IsListed(record)) {
    Warn(helper->uid, "the answer is no list of jobs");
    return End(helper);
  }
  if (record.kind == ListedKind::kEnd) {
    helper->ended = true;
    any_ = any_ || record.processes > 0;
  } else if (wrong != nullptr) {
    Warn(helper->uid, wrong);
  } else if (job.ok()) {
    ++helper->jobs;
    jobs_.push_back(*std::move(job));
  } else {
    Warn(helper->uid, "the answer is no list of jobs");
    End(helper);
  }
}

void UserJobs::Warn(uid_t uid, absl::string_view what) {
  if (warnings_.size() < kMaxWarnings) warnings_.push_back(absl::StrCat("jobs of uid ", uid, ": ", what));
}

// Does not wait: a helper that cannot be ended now, because it waits for a file system, ends when that
// answers.
void UserJobs::End(Helper* helper) {
  helper->pipe.Reset();
  if (helper->pid == 0) return;
  ::kill(helper->pid, SIGKILL);
  if (::waitpid(helper->pid, nullptr, WNOHANG) != 0) helper->pid = 0;
}

}  // namespace reloc
