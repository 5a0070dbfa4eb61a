#include "client/daemon_process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <string.h>
#include <unistd.h>

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "client/control_client.h"
#include "client/installation.h"
#include "reloc/base/unique_fd.h"
#include "reloc/fault/fault.h"
#include "reloc/launch/daemon_dir.h"
#include "reloc/launch/daemon_link.h"
#include "reloc/pack/status.h"

// glibc 2.36 forgot to say so in the header.
extern "C" {
#include <sys/pidfd.h>
}

namespace reloc {
namespace {

constexpr absl::Duration kStartDeadline = absl::Seconds(15);
constexpr absl::Duration kStopDeadline = absl::Seconds(10);
constexpr absl::Duration kFirstPause = absl::Milliseconds(20);
constexpr absl::Duration kLongestPause = absl::Milliseconds(500);
constexpr const char* kAlreadyRunning = "already running";  // what relocd says if another holds its place

// posix_spawn(3)'s two kinds of settings.
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

// In a session of its own: a ^C or the end of the terminal is not for the daemon.
absl::Status Spawn(const std::vector<std::string>& command, int standard_error) {
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
  return error == 0 ? absl::OkStatus()
                    : absl::ErrnoToStatus(error, absl::StrCat("cannot start ", command[0]));
}

// What the daemon says before it lets go of its standard error, which it does once it serves.
std::string ReadUntilServing(int fd) {
  std::string text;
  absl::Time deadline = absl::Now() + kStartDeadline;
  while (true) {
    struct pollfd readable = {fd, POLLIN, 0};
    int64_t left = absl::ToInt64Milliseconds(deadline - absl::Now());
    if (left <= 0 || ::poll(&readable, 1, static_cast<int>(left)) == 0) return text;
    char chunk[1024];
    ssize_t size = ::read(fd, chunk, sizeof chunk);
    if (size == 0 || (size < 0 && errno != EINTR)) return text;
    if (size > 0) text.append(chunk, static_cast<size_t>(size));
  }
}

// Whether one accepts launches: much quicker than asking it.
bool DaemonServes() {
  absl::StatusOr<std::string> path = ChosenDaemonDir();
  if (!path.ok()) return false;
  Result<DaemonDirectory> dir = OpenDaemonDir(path->c_str());
  return dir.ok() && DaemonLink().Connect(*dir) == Reason::kNone;
}

absl::StatusOr<relocd::v1::DaemonStatus> AskStatus() {
  RELOC_ASSIGN_OR_RETURN(auto client, ControlClient::Connect());
  return client->GetStatus();
}

// Returns what relocd said; nothing if it serves.
absl::StatusOr<std::string> StartOnce(const std::vector<std::string>& command) {
  int pipe[2];
  if (::pipe2(pipe, O_CLOEXEC) != 0) return absl::ErrnoToStatus(errno, "cannot make a pipe");
  UniqueFd ours(pipe[0]);
  UniqueFd theirs(pipe[1]);
  RELOC_RETURN_IF_ERROR(Spawn(command, theirs.get()));
  theirs.Reset();
  return ReadUntilServing(ours.get());
}

// The first line, without relocd's own prefix.
std::string FirstLine(absl::string_view text) {
  if (text.empty()) return "relocd does not begin to serve";
  std::vector<absl::string_view> lines = absl::StrSplit(text, '\n');
  return std::string(absl::StripPrefix(lines[0], "relocd: "));
}

absl::StatusOr<std::vector<std::string>> DaemonCommand(const std::vector<std::string>& arguments) {
  RELOC_ASSIGN_OR_RETURN(std::string relocd, FindProgramOfOurs("relocd"));
  RELOC_ASSIGN_OR_RETURN(std::string dir, ChosenDaemonDir());
  std::vector<std::string> command = {relocd, "--background", "--dir", dir};
  command.insert(command.end(), arguments.begin(), arguments.end());
  return command;
}

}  // namespace

// Others may start one at the same time, and one that ends may still hold its place: then it is tried again,
// ever less often.
absl::Status EnsureDaemon(const std::vector<std::string>& arguments) {
  if (DaemonServes()) return absl::OkStatus();
  RELOC_ASSIGN_OR_RETURN(std::vector<std::string> command, DaemonCommand(arguments));
  const absl::Time deadline = absl::Now() + kStartDeadline;
  for (absl::Duration pause = kFirstPause; !DaemonServes(); pause = std::min(2 * pause, kLongestPause)) {
    RELOC_ASSIGN_OR_RETURN(std::string said, StartOnce(command));
    if (DaemonServes()) break;
    bool may_pass = said.empty() || absl::StrContains(said, kAlreadyRunning);
    if (!may_pass || absl::Now() > deadline) return absl::UnavailableError(FirstLine(said));
    absl::SleepFor(pause);
  }
  return absl::OkStatus();
}

absl::StatusOr<relocd::v1::DaemonStatus> StartDaemon(const std::vector<std::string>& arguments) {
  const absl::Time deadline = absl::Now() + kStartDeadline;
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
  if (absl::IsNotFound(client.status())) return false;
  if (!client.ok()) return client.status();
  UniqueFd process(::pidfd_open((*client)->pid(), 0));
  if (!process.valid()) return absl::ErrnoToStatus(errno, "cannot watch the daemon");
  const pid_t pid = (*client)->pid();
  RELOC_RETURN_IF_ERROR((*client)->Stop());
  // The daemon waits a moment for connections that are still open.
  client->reset();
  struct pollfd ended = {process.get(), POLLIN, 0};
  int n;
  do {
    n = ::poll(&ended, 1, static_cast<int>(absl::ToInt64Milliseconds(kStopDeadline)));
  } while (n < 0 && errno == EINTR);
  if (n == 1) return true;
  return absl::DeadlineExceededError(absl::StrCat("the daemon (pid ", pid, ") does not end"));
}

}  // namespace reloc
