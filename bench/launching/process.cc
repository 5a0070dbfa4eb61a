// posix_spawn(3), not fork(2): it suspends the parent until the child has executed, as vfork does, so that
// the size of this process does not affect the measurement. Shells and job starters use it for the same
// reason.
#include "bench/launching/process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "reloc/base/unique_fd.h"
#include "reloc/hosted/status.h"

namespace reloc::bench {
namespace {

// The standard streams of a child, prepared beforehand: opening them would be timed.
class Streams {
 public:
  Streams(int input, int output, int errors) {
    posix_spawn_file_actions_init(&actions_);
    const int sources[] = {input, output, errors};
    for (int fd = 0; fd < 3; ++fd) posix_spawn_file_actions_adddup2(&actions_, sources[fd], fd);
  }
  Streams(const Streams&) = delete;
  Streams& operator=(const Streams&) = delete;
  ~Streams() { posix_spawn_file_actions_destroy(&actions_); }
  const posix_spawn_file_actions_t* actions() const { return &actions_; }

 private:
  posix_spawn_file_actions_t actions_;
};

int NullFd() {
  static const UniqueFd fd(::open("/dev/null", O_RDWR | O_CLOEXEC));
  return fd.get();
}

const Streams& SilentStreams() {
  static const Streams streams(NullFd(), NullFd(), NullFd());
  return streams;
}

absl::StatusOr<pid_t> Spawn(const Command& command, const Streams& streams) {
  pid_t pid = -1;
  int error = ::posix_spawn(&pid, command.program().c_str(), streams.actions(), nullptr, command.argv(),
                            command.envp());
  if (error == 0) return pid;
  return absl::ErrnoToStatus(error, absl::StrCat("cannot start ", command.program()));
}

int WaitFor(pid_t pid) {
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  return status;
}

std::string ReadBack(int fd) {
  std::string text(static_cast<size_t>(::lseek(fd, 0, SEEK_END)), '\0');
  ssize_t size = ::pread(fd, text.data(), text.size(), 0);
  text.resize(size < 0 ? 0 : static_cast<size_t>(size));
  return text;
}

std::string DescribeStatus(int status) {
  if (WIFSIGNALED(status)) return absl::StrCat("killed by ", ::strsignal(WTERMSIG(status)));
  return absl::StrCat("exit status ", WEXITSTATUS(status));
}

double MicrosBetween(const struct timespec& start, const struct timespec& end) {
  return static_cast<double>(end.tv_sec - start.tv_sec) * 1e6 +
         static_cast<double>(end.tv_nsec - start.tv_nsec) / 1e3;
}

}  // namespace

absl::StatusOr<Process> Process::Start(const Command& command, int errors) {
  Streams streams(NullFd(), NullFd(), errors < 0 ? NullFd() : errors);
  RELOC_ASSIGN_OR_RETURN(pid_t pid, Spawn(command, streams));
  return Process(pid);
}

Process::Process(Process&& other) noexcept : pid_(std::exchange(other.pid_, -1)) {}

Process& Process::operator=(Process&& other) noexcept {
  if (this != &other) {
    Kill();
    pid_ = std::exchange(other.pid_, -1);
  }
  return *this;
}

void Process::Stop() {
  if (pid_ < 0) return;
  ::kill(pid_, SIGTERM);
  for (absl::Time deadline = absl::Now() + absl::Seconds(5); absl::Now() < deadline;) {
    if (::waitpid(pid_, nullptr, WNOHANG) == pid_) {
      pid_ = -1;
      return;
    }
    absl::SleepFor(absl::Milliseconds(5));
  }
  Kill();
}

void Process::KillSoon() const {
  if (pid_ >= 0) ::kill(pid_, SIGKILL);
}

void Process::Kill() {
  if (pid_ < 0) return;
  KillSoon();
  WaitFor(std::exchange(pid_, -1));
}

absl::StatusOr<Captured> Capture(const Command& command) {
  // Files in memory, not pipes: nothing has to be read while the child writes.
  UniqueFd output(::memfd_create("output", MFD_CLOEXEC));
  UniqueFd errors(::memfd_create("errors", MFD_CLOEXEC));
  if (!output.valid() || !errors.valid()) return absl::ErrnoToStatus(errno, "cannot make a memfd");
  Streams streams(NullFd(), output.get(), errors.get());
  RELOC_ASSIGN_OR_RETURN(pid_t pid, Spawn(command, streams));
  int status = WaitFor(pid);
  return Captured{status, ReadBack(output.get()), ReadBack(errors.get())};
}

std::string ErrorOf(const Captured& captured) {
  std::string errors(absl::StripAsciiWhitespace(captured.errors));
  return absl::StrCat(DescribeStatus(captured.status), errors.empty() ? "" : ": ", errors);
}

absl::StatusOr<double> TimeLaunch(const Command& command) {
  const Streams& streams = SilentStreams();
  struct timespec start, end;
  ::clock_gettime(CLOCK_MONOTONIC, &start);
  absl::StatusOr<pid_t> pid = Spawn(command, streams);
  if (!pid.ok()) return pid.status();
  int status = WaitFor(*pid);
  ::clock_gettime(CLOCK_MONOTONIC, &end);
  if (status == 0) return MicrosBetween(start, end);
  return absl::AbortedError(
      absl::StrCat(command.program(), " failed while it was measured: ", DescribeStatus(status)));
}

}  // namespace reloc::bench
