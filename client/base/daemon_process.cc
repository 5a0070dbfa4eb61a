#include "client/base/daemon_process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "client/base/control_client.h"
#include "client/base/installation.h"
#include "reloc/base/file.h"
#include "reloc/base/unique_fd.h"
#include "reloc/cli/output.h"
#include "reloc/fault/fault.h"
#include "reloc/hosted/child_task.h"
#include "reloc/hosted/status.h"
#include "reloc/launch/daemon_dir.h"
#include "reloc/launch/daemon_link.h"

// glibc 2.36's header lacks extern "C".
extern "C" {
#include <sys/pidfd.h>
}

namespace reloc {
namespace {

// A relocd that does nothing for so long hangs; one that works, but gets little CPU time, has longer.
constexpr absl::Duration kTimeout = absl::Milliseconds(2700);
constexpr absl::Duration kLongest = absl::Seconds(60);
constexpr absl::Duration kLockTimeout = absl::Milliseconds(700);
constexpr absl::Duration kFirstPause = absl::Milliseconds(20);
constexpr absl::Duration kLongestPause = absl::Milliseconds(500);
constexpr const char* kDoesNotServe = "relocd does not begin to serve";
constexpr const char* kOwnPrefix = "relocd: ";              // of relocd's messages
constexpr const char* kAlreadyRunning = "already running";  // relocd's message if its place is taken

// The two kinds of settings of posix_spawn(3).
class SpawnSettings {
 public:
  SpawnSettings() {
    ::posix_spawnattr_init(&attributes);
    ::posix_spawn_file_actions_init(&files);
  }
  ~SpawnSettings() {
    ::posix_spawn_file_actions_destroy(&files);
    ::posix_spawnattr_destroy(&attributes);
  }
  SpawnSettings(const SpawnSettings&) = delete;
  SpawnSettings& operator=(const SpawnSettings&) = delete;

  posix_spawnattr_t attributes;
  posix_spawn_file_actions_t files;
};

// Starts it in a session of its own: ^C and the end of the terminal must not reach the daemon.
absl::StatusOr<pid_t> Spawn(const std::vector<std::string>& command, int standard_error) {
  std::vector<char*> argv;
  for (const std::string& argument : command) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  SpawnSettings settings;
  ::posix_spawnattr_setflags(&settings.attributes, POSIX_SPAWN_SETSID);
  ::posix_spawn_file_actions_addopen(&settings.files, STDIN_FILENO, "/dev/null", O_RDWR, 0);
  ::posix_spawn_file_actions_adddup2(&settings.files, STDIN_FILENO, STDOUT_FILENO);
  ::posix_spawn_file_actions_adddup2(&settings.files, standard_error, STDERR_FILENO);
  pid_t pid;
  int error = fault::Fails(fault::Point::kDaemonSpawn)
                  ? errno
                  : ::posix_spawn(&pid, argv[0], &settings.files, &settings.attributes, argv.data(), environ);
  if (error != 0) return absl::ErrnoToStatus(error, absl::StrCat("cannot start ", command[0]));
  return pid;
}

// Waits until something can be read from `fd`, for kTimeout, or for kLongest while the process works.
// Returns false if nothing came.
bool AwaitReadable(int fd, pid_t process) {
  const absl::Time last = absl::Now() + kLongest;
  absl::Time deadline = absl::Now() + kTimeout;
  ActivityWatch activity(process);
  while (true) {
    const absl::Duration left =
        std::clamp(deadline - absl::Now(), absl::ZeroDuration(), ActivityWatch::kInterval);
    struct pollfd readable = {fd, POLLIN, 0};
    const int ready = ::poll(&readable, 1, static_cast<int>(absl::ToInt64Milliseconds(left)));
    if (ready == 1) return true;
    if (ready < 0 && errno == EINTR) continue;
    const absl::Time now = absl::Now();
    if (activity.HasRun()) deadline = std::max(deadline, now + ActivityWatch::kInterval);
    if (ready < 0 || now >= std::min(deadline, last)) return false;
  }
}

// Returns the pid of the process that holds the lock, "0" if the file does not contain it, or "none".
std::string ReadLockHolder(const std::string& dir) {
  Result<UniqueFd> lock = Open(absl::StrCat(dir, "/lock").c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  if (!lock.ok() || ::flock(lock->get(), LOCK_SH | LOCK_NB) == 0 || errno != EWOULDBLOCK) return "none";
  char text[32] = {};
  const ssize_t size = ::read(lock->get(), text, sizeof text - 1);
  const absl::string_view digits(text, size > 0 ? static_cast<size_t>(size) : 0);
  pid_t pid = 0;
  const bool said = absl::SimpleAtoi(absl::StripAsciiWhitespace(digits), &pid) && pid > 0;
  return absl::StrCat(said ? pid : 0);
}

// Returns the process that holds the lock of `dir`; nullopt if none does, or the file system does not answer.
// 0: it has not written its pid.
std::optional<pid_t> LockHolder(const std::string& dir) {
  absl::StatusOr<std::string> holder = RunInChild(kLockTimeout, [&] { return ReadLockHolder(dir); });
  pid_t pid = 0;
  if (!holder.ok() || !absl::SimpleAtoi(*holder, &pid)) return std::nullopt;
  return pid;
}

// Returns what the daemon writes before it closes its stderr, which it does once it serves. One that hangs is
// killed: it would serve some day, when nobody expects it.
std::string ReadUntilServing(int fd, pid_t relocd) {
  std::string text;
  while (true) {
    if (!AwaitReadable(fd, relocd)) {
      ::kill(relocd, SIGKILL);
      return absl::StrCat("relocd (pid ", relocd,
                          ") does not begin to serve; it was stopped, or a file system does not answer");
    }
    char chunk[1024];
    ssize_t size = ::read(fd, chunk, sizeof chunk);
    if (size == 0 || (size < 0 && errno != EINTR)) return text;
    if (size > 0) text.append(chunk, static_cast<size_t>(size));
  }
}

// Returns whether a daemon accepts launches: much faster than asking it.
bool DaemonServes(const std::string& path) {
  Result<DaemonDirectory> dir = OpenDaemonDir(path.c_str());
  return dir.ok() && DaemonLink().Connect(*dir) == Reason::kNone;
}

absl::StatusOr<relocd::v1::DaemonStatus> AskStatus() {
  RELOC_ASSIGN_OR_RETURN(auto client, ControlClient::Connect());
  return client->GetStatus();
}

// Returns relocd's messages; nothing if it serves.
absl::StatusOr<std::string> StartOnce(const std::vector<std::string>& command) {
  int pipe[2];
  if (::pipe2(pipe, O_CLOEXEC) != 0) return absl::ErrnoToStatus(errno, "cannot make a pipe");
  UniqueFd ours(pipe[0]);
  UniqueFd theirs(pipe[1]);
  RELOC_ASSIGN_OR_RETURN(pid_t relocd, Spawn(command, theirs.get()));
  theirs.Reset();
  return ReadUntilServing(ours.get(), relocd);
}

// Returns the first line, without relocd's own prefix.
std::string FirstLine(absl::string_view text) {
  if (text.empty()) return kDoesNotServe;
  std::vector<absl::string_view> lines = absl::StrSplit(text, '\n');
  return std::string(absl::StripPrefix(lines[0], kOwnPrefix));
}

// Starts a relocd. Returns false if another one was faster, and does not serve yet.
absl::StatusOr<bool> StartOrYield(const std::string& dir, const std::vector<std::string>& command) {
  RELOC_ASSIGN_OR_RETURN(std::string said, StartOnce(command));
  const bool runs_already = absl::StrContains(said, kAlreadyRunning);
  if (DaemonServes(dir)) {
    const bool warns = absl::StartsWith(said, kOwnPrefix) && !runs_already;
    if (warns) PrintError("relocctl: warning", FirstLine(said));
    return true;
  }
  if (!said.empty() && !runs_already) return absl::UnavailableError(FirstLine(said));
  return false;
}

// Watches the process that holds the lock and does not serve yet.
class HolderWatch {
 public:
  // Returns whether `holder` has done nothing for kTimeout.
  bool Hangs(pid_t holder) {
    const absl::Time now = absl::Now();
    if (!activity_ || activity_->pid() != holder) {
      activity_.emplace(holder);
      next_look_ = now + ActivityWatch::kInterval;
      deadline_ = now + kTimeout;
    } else if (now >= next_look_) {
      next_look_ = now + ActivityWatch::kInterval;
      if (activity_->HasRun()) deadline_ = now + kTimeout;
    }
    return now >= deadline_;
  }

 private:
  std::optional<ActivityWatch> activity_;
  absl::Time next_look_;
  absl::Time deadline_;
};

// Waits a moment for one that is about to end.
absl::Status AwaitLock(const std::string& dir) {
  const absl::Time deadline = absl::Now() + kTimeout;
  while (LockHolder(dir) && absl::Now() < deadline) absl::SleepFor(kFirstPause);
  return CheckLockOf(dir);
}

absl::StatusOr<std::vector<std::string>> DaemonCommand(const std::string& dir,
                                                       const std::vector<std::string>& arguments) {
  RELOC_ASSIGN_OR_RETURN(std::string relocd, FindProgramOfOurs("relocd"));
  std::vector<std::string> command = {relocd, "--background", "--dir", dir};
  command.insert(command.end(), arguments.begin(), arguments.end());
  return command;
}

}  // namespace

std::optional<pid_t> StoppedDaemon() {
  absl::StatusOr<std::string> dir = ChosenDaemonDir();
  const std::optional<pid_t> holder = dir.ok() ? LockHolder(*dir) : std::nullopt;
  return holder && IsStopped(*holder) ? holder : std::nullopt;
}

absl::Status CheckLockOf(const std::string& dir) {
  const std::optional<pid_t> holder = LockHolder(dir);
  if (!holder) return absl::OkStatus();
  if (*holder == 0) {
    return absl::UnavailableError(absl::StrCat("something holds ", dir, "/lock and does not serve; fuser -v ",
                                               dir, "/lock tells its pid: end it"));
  }
  return absl::UnavailableError(absl::StrCat("relocd (pid ", *holder, ") holds ", dir,
                                             "/lock and does not serve; kill -CONT ", *holder,
                                             " if it was stopped, else kill -9 ", *holder, ": jobs go on"));
}

// Others may start one at the same time, and one that ends may still hold the lock: then this waits, and
// checks at growing intervals.
absl::Status EnsureDaemon(const std::vector<std::string>& arguments) {
  RELOC_ASSIGN_OR_RETURN(std::string dir, ChosenDaemonDir());
  if (DaemonServes(dir)) return absl::OkStatus();
  RELOC_ASSIGN_OR_RETURN(std::vector<std::string> command, DaemonCommand(dir, arguments));
  const absl::Time last = absl::Now() + kLongest;
  HolderWatch other;
  for (absl::Duration pause = kFirstPause; !DaemonServes(dir); pause = std::min(2 * pause, kLongestPause)) {
    const std::optional<pid_t> holder = LockHolder(dir);
    absl::StatusOr<bool> serves = holder ? false : StartOrYield(dir, command);
    RELOC_RETURN_IF_ERROR(serves.status());
    if (*serves) break;
    if (absl::Now() > last || (holder && other.Hangs(*holder))) RELOC_RETURN_IF_ERROR(CheckLockOf(dir));
    if (absl::Now() > last) return absl::UnavailableError(kDoesNotServe);
    absl::SleepFor(pause);
  }
  return absl::OkStatus();
}

absl::StatusOr<relocd::v1::DaemonStatus> StartDaemon(const std::vector<std::string>& arguments) {
  const absl::Time deadline = absl::Now() + kLongest;
  while (true) {
    RELOC_RETURN_IF_ERROR(EnsureDaemon(arguments));
    absl::StatusOr<relocd::v1::DaemonStatus> status = AskStatus();
    // It may have ended at that very moment.
    bool may_pass = absl::IsNotFound(status.status()) || absl::IsUnavailable(status.status());
    if (!may_pass || absl::Now() > deadline) return status;
    absl::SleepFor(kFirstPause);
  }
}

absl::StatusOr<bool> StopDaemon() {
  absl::StatusOr<std::unique_ptr<ControlClient>> client = ControlClient::Connect();
  if (absl::IsNotFound(client.status())) {
    RELOC_ASSIGN_OR_RETURN(std::string dir, ChosenDaemonDir());
    RELOC_RETURN_IF_ERROR(AwaitLock(dir));
    return false;
  }
  if (!client.ok()) return client.status();
  UniqueFd process(::pidfd_open((*client)->pid(), 0));
  if (!process.valid()) return absl::ErrnoToStatus(errno, "cannot watch the daemon");
  const pid_t pid = (*client)->pid();
  RELOC_RETURN_IF_ERROR((*client)->Stop());
  // The daemon waits briefly for connections that are still open.
  client->reset();
  if (AwaitReadable(process.get(), pid)) return true;
  return absl::DeadlineExceededError(
      absl::StrCat("the daemon (pid ", pid, ") does not end; kill -9 ", pid, " ends it, and jobs go on"));
}

}  // namespace reloc
