#include "client/daemon_process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <string.h>
#include <unistd.h>

#include <filesystem>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "client/control_client.h"
#include "reloc/base/unique_fd.h"
#include "reloc/launch/trace.h"
#include "reloc/pack/files.h"
#include "reloc/pack/status.h"

// glibc 2.36 forgot to say so in the header.
extern "C" {
#include <sys/pidfd.h>
}

namespace reloc {
namespace {

namespace fs = std::filesystem;

constexpr absl::Duration kStartDeadline = absl::Seconds(15);
constexpr absl::Duration kStopDeadline = absl::Seconds(10);
constexpr absl::Duration kRetry = absl::Milliseconds(20);

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
  int error = ::posix_spawn(&pid, argv[0], &settings.files, &settings.attributes, argv.data(), environ);
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

absl::StatusOr<relocd::v1::DaemonStatus> AskStatus() {
  RELOC_ASSIGN_OR_RETURN(auto client, ControlClient::Connect());
  return client->GetStatus();
}

// The first line, without relocd's own prefix.
std::string FirstLine(absl::string_view text) {
  std::vector<absl::string_view> lines = absl::StrSplit(text, '\n');
  return std::string(absl::StripPrefix(lines[0], "relocd: "));
}

absl::StatusOr<std::vector<std::string>> DaemonCommand(const std::vector<std::string>& arguments) {
  RELOC_ASSIGN_OR_RETURN(std::string self, ReadSymlink("/proc/self/exe"));
  RELOC_ASSIGN_OR_RETURN(std::string dir, ChosenDaemonDir());
  std::vector<std::string> command = {fs::path(self).parent_path() / "relocd", "--background", "--dir", dir};
  command.insert(command.end(), arguments.begin(), arguments.end());
  return command;
}

}  // namespace

absl::StatusOr<relocd::v1::DaemonStatus> StartDaemon(const std::vector<std::string>& arguments) {
  absl::StatusOr<relocd::v1::DaemonStatus> status = AskStatus();
  if (status.ok() || !absl::IsNotFound(status.status())) return status;
  RELOC_ASSIGN_OR_RETURN(std::vector<std::string> command, DaemonCommand(arguments));
  int pipe[2];
  if (::pipe2(pipe, O_CLOEXEC) != 0) return absl::ErrnoToStatus(errno, "cannot make a pipe");
  UniqueFd ours(pipe[0]);
  UniqueFd theirs(pipe[1]);
  RELOC_RETURN_IF_ERROR(Spawn(command, theirs.get()));
  theirs.Reset();
  std::string said = ReadUntilServing(ours.get());
  // If someone else was faster, theirs may need a moment more.
  bool other_starts = absl::StrContains(said, "already running");
  absl::Time deadline = absl::Now() + kStartDeadline;
  for (status = AskStatus(); !status.ok() && other_starts && absl::Now() < deadline; status = AskStatus()) {
    absl::SleepFor(kRetry);
  }
  if (!status.ok() && !said.empty()) return absl::UnavailableError(FirstLine(said));
  return status;
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
