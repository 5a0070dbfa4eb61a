#include "client/base/watched_work.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "client/base/answering.h"
#include "client/base/report.h"
#include "reloc/base/file.h"
#include "reloc/base/unique_fd.h"
#include "reloc/cli/output.h"
#include "reloc/hosted/child_task.h"
#include "reloc/hosted/status.h"

// glibc 2.36's header lacks extern "C".
extern "C" {
#include <sys/pidfd.h>
}

namespace reloc {
namespace {

// Together less than the three seconds within which every command reports what does not answer.
constexpr int kLookEveryMs = 1000;
constexpr absl::Duration kPathTimeout = absl::Milliseconds(1000);
constexpr int kUndoMs = 1000;  // for work that was interrupted
constexpr size_t kMostPaths = 256;

// Returns the signals that end this process, except those that the caller made it ignore (nohup).
sigset_t EndingSignals() {
  sigset_t set;
  sigemptyset(&set);
  for (int signal : {SIGINT, SIGTERM, SIGHUP}) {
    struct sigaction action;
    sigaction(signal, nullptr, &action);  // cannot fail for these signals
    if (action.sa_handler != SIG_IGN) sigaddset(&set, signal);
  }
  return set;
}

[[noreturn]] void EndBy(int signal) {
  ::signal(signal, SIG_DFL);
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, signal);
  ::sigprocmask(SIG_UNBLOCK, &set, nullptr);
  ::raise(signal);
  ::_exit(128 + signal);  // it was a signal that does not end a process
}

class Watch {
 public:
  Watch(pid_t child, UniqueFd process, UniqueFd signals, UniqueFd notes, std::vector<std::string> paths)
      : child_(child),
        process_(std::move(process)),
        signals_(std::move(signals)),
        notes_(std::move(notes)),
        paths_(std::move(paths)) {}

  // Returns the wait status.
  int Run() {
    while (true) {
      struct pollfd events[] = {
          {process_.get(), POLLIN, 0}, {signals_.get(), POLLIN, 0}, {notes_.get(), POLLIN, 0}};
      const int ready = ::poll(events, 3, said_ ? -1 : kLookEveryMs);
      if (ready == 0) Look();
      if (events[1].revents != 0 && ready > 0) PassSignalOn();
      if (events[2].revents != 0 && ready > 0) ReadNotes();
      if (events[0].revents != 0 && ready > 0) return Reap();
    }
  }

 private:
  int Reap() const {
    int status = 0;
    while (::waitpid(child_, &status, 0) < 0 && errno == EINTR) {
    }
    return status;
  }

  // A child that runs is not blocked by a file system.
  void Look() {
    if (IsRunnable(child_)) return;
    for (const std::string& path : paths_) {
      absl::Status answers = CheckAnswers(path, kPathTimeout);
      if (answers.ok()) continue;
      said_ = true;
      return PrintError("relocctl", absl::StrCat(answers.message(), "; waiting for it: ^C ends that"));
    }
  }

  // The work undoes what it did. If it hangs, it is abandoned.
  void PassSignalOn() {
    struct signalfd_siginfo info;
    if (::read(signals_.get(), &info, sizeof info) != sizeof info) return;
    const int signal = static_cast<int>(info.ssi_signo);
    ::kill(child_, signal);
    struct pollfd ended = {process_.get(), POLLIN, 0};
    while (::poll(&ended, 1, kUndoMs) == 0) {
      if (IsRunnable(child_)) continue;
      ::kill(child_, SIGKILL);
      EndBy(signal);
    }
  }

  void ReadNotes() {
    char part[4096];
    const ssize_t size = ::read(notes_.get(), part, sizeof part);
    if (size < 0) return;
    if (size == 0) return notes_.Reset();  // poll(2) ignores -1
    for (char c : absl::string_view(part, static_cast<size_t>(size))) {
      if (c != '\0') {
        note_.push_back(c);
      } else if (std::string path = std::exchange(note_, {}); paths_.size() < kMostPaths) {
        paths_.push_back(std::move(path));
      }
    }
  }

  pid_t child_;
  UniqueFd process_, signals_, notes_;
  std::vector<std::string> paths_;
  std::string note_;  // the part of a note received so far
  bool said_ = false;
};

[[noreturn]] void Work(pid_t parent, int notes, absl::FunctionRef<int(const PathNotes&)> work) {
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (::getppid() != parent) ::_exit(1);  // the parent ended before the line above
  const int status = work(PathNotes(notes));
  ::fflush(nullptr);
  ::_exit(status);
}

}  // namespace

void PathNotes::Add(const std::string& path) const {
  (void)WriteAll(pipe_, absl::StrCat(path, absl::string_view("\0", 1))).ok();
}

int RunWatched(std::vector<std::string> paths, absl::FunctionRef<int(const PathNotes&)> work) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return ReportError(absl::ErrnoToStatus(errno, "cannot make a pipe"));
  UniqueFd ours(ends[0]), theirs(ends[1]);
  const sigset_t ending = EndingSignals();
  sigset_t before;
  ::sigprocmask(SIG_BLOCK, &ending, &before);
  struct sigaction keep = {}, on_child;
  keep.sa_handler = SIG_DFL;  // with SIG_IGN the child could not be waited for
  sigaction(SIGCHLD, &keep, &on_child);
  const pid_t parent = ::getpid(), child = ::fork();
  if (child < 0) return ReportError(absl::ErrnoToStatus(errno, "cannot fork"));
  if (child == 0) {
    sigaction(SIGCHLD, &on_child, nullptr);
    ::sigprocmask(SIG_SETMASK, &before, nullptr);
    ours.Reset();
    Work(parent, theirs.get(), work);
  }
  theirs.Reset();
  UniqueFd process(::pidfd_open(child, 0)), signals(::signalfd(-1, &ending, SFD_CLOEXEC));
  if (!process.valid() || !signals.valid()) {
    ::kill(child, SIGKILL);
    return ReportError(absl::ErrnoToStatus(errno, "cannot watch a process"));
  }
  const int status =
      Watch(child, std::move(process), std::move(signals), std::move(ours), std::move(paths)).Run();
  ::sigprocmask(SIG_SETMASK, &before, nullptr);
  if (WIFSIGNALED(status)) EndBy(WTERMSIG(status));
  return WEXITSTATUS(status);
}

}  // namespace reloc
