#include "reloc/hosted/child_task.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "reloc/base/file.h"
#include "reloc/hosted/await_child.h"
#include "reloc/hosted/status.h"

namespace reloc {
namespace {

constexpr absl::Duration kLook = absl::Milliseconds(100);
constexpr int kMostExtensions = 100;  // of kLook, for a child that gets no CPU time

absl::Duration Now() {
  struct timespec now = {};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return absl::DurationFromTimespec(now);
}

// Closes what the caller may have shared: nothing that waits for the end of our output, or for a lock of
// ours, may wait for a process that perhaps never ends.
void LetGoOfCaller(int kept) {
  // This comes first: if the caller has closed standard descriptors, `kept` may be one of them.
  if (kept != 3 && ::dup2(kept, 3) < 0) ::_exit(1);
  Result<UniqueFd> null = Open("/dev/null", O_RDWR);
  for (int fd = 0; null.ok() && fd < 3; ++fd) ::dup2(null->get(), fd);
  ::closefrom(4);
}

[[noreturn]] void Work(UniqueFd answer, pid_t parent, absl::FunctionRef<std::string()> work) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(1);  // the parent ended before the line above
  LetGoOfCaller(answer.Release());
  const std::string text = work();
  // Ends with a newline, so that a truncated answer is not taken for a whole one.
  ::_exit(WriteAll(3, absl::StrCat(text, "\n")).ok() ? 0 : 1);
}

// Reads until the writing process ends. Returns empty text if it does not answer in time.
std::string ReadAnswer(int fd, pid_t child, absl::Duration timeout) {
  std::string bytes;
  char part[4096];
  absl::Duration deadline = Now() + timeout;
  int extensions = 0;
  while (true) {
    struct pollfd readable = {fd, POLLIN, 0};
    const absl::Duration left = std::max(absl::ZeroDuration(), deadline - Now());
    const int ready = ::poll(&readable, 1, static_cast<int>(absl::ToInt64Milliseconds(left)));
    if (ready < 0 && errno == EINTR) continue;
    if (ready == 0 && IsRunnable(child) && ++extensions <= kMostExtensions) {
      deadline = Now() + kLook;
      continue;
    }
    if (ready != 1) return {};
    const ssize_t size = ::read(fd, part, sizeof part);
    if (size <= 0) return bytes;
    bytes.append(part, static_cast<size_t>(size));
    deadline = Now() + timeout;
  }
}

// Fields of a process's status file, see proc(5); zeros if unknown.
struct ProcessStatus {
  char state = 0;
  uint64_t switches = 0;  // context switches of the first thread
};

// Returns the text after `name` in the text of a status file.
absl::string_view FindField(absl::string_view text, absl::string_view name) {
  const std::string field = absl::StrCat("\n", name, ":\t");
  const size_t at = text.find(field);
  if (at == absl::string_view::npos) return {};
  text.remove_prefix(at + field.size());
  return text.substr(0, text.find('\n'));
}

ProcessStatus ReadStatus(pid_t pid) {
  ProcessStatus status;
  FixedText<8192> file;
  if (!ReadSmallFile(absl::StrCat("/proc/", pid, "/status").c_str(), &file).ok()) return status;
  const absl::string_view text(file.view().data(), file.view().size());
  const absl::string_view state = FindField(text, "State");
  if (!state.empty()) status.state = state[0];
  for (const char* name : {"voluntary_ctxt_switches", "nonvoluntary_ctxt_switches"}) {
    uint64_t count = 0;
    if (absl::SimpleAtoi(FindField(text, name), &count)) status.switches += count;
  }
  return status;
}

bool IsStopState(char state) { return state == 'T' || state == 't'; }

// Returns the process's children; none where the kernel does not list them (CONFIG_PROC_CHILDREN).
std::vector<pid_t> ListChildren(pid_t pid) {
  std::vector<pid_t> children;
  FixedText<4096> file;
  if (!ReadSmallFile(absl::StrCat("/proc/", pid, "/task/", pid, "/children").c_str(), &file).ok())
    return children;
  const absl::string_view text(file.view().data(), file.view().size());
  for (absl::string_view word : absl::StrSplit(text, ' ', absl::SkipWhitespace())) {
    pid_t child = 0;
    if (absl::SimpleAtoi(word, &child)) children.push_back(child);
  }
  return children;
}

}  // namespace

bool IsRunnable(pid_t pid) { return ReadStatus(pid).state == 'R'; }

bool ActivityWatch::HasRun() {
  const ProcessStatus status = ReadStatus(pid_);
  if (IsStopState(status.state)) return false;
  bool runnable = status.state == 'R';
  uint64_t switches = status.switches;
  for (const pid_t child : ListChildren(pid_)) {
    const ProcessStatus of_child = ReadStatus(child);
    runnable = runnable || of_child.state == 'R';
    switches += of_child.switches;
  }
  const bool changed = switches != switches_;
  switches_ = switches;
  return changed || runnable;
}

bool IsStopped(pid_t pid) { return IsStopState(ReadStatus(pid).state); }

absl::StatusOr<std::string> RunInChild(absl::Duration timeout, absl::FunctionRef<std::string()> work) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return absl::ErrnoToStatus(errno, "cannot make a pipe");
  UniqueFd ours(ends[0]), theirs(ends[1]);
  const pid_t parent = ::getpid();
  const pid_t child = ::fork();
  if (child < 0) return absl::ErrnoToStatus(errno, "cannot fork");
  if (child == 0) Work(std::move(theirs), parent, work);
  theirs.Reset();
  std::string answer = ReadAnswer(ours.get(), child, timeout);
  const bool whole = !answer.empty() && answer.back() == '\n';
  if (whole) {
    answer.pop_back();
    (void)ReapChild(child, kLook);
    return answer;
  }
  if (!answer.empty()) return absl::InternalError("a process that looked at files was killed");
  ::kill(child, SIGKILL);
  // If it hangs, init reaps it after this process has ended.
  (void)ReapChild(child, absl::ZeroDuration());
  return absl::DeadlineExceededError("a file system does not answer");
}

absl::StatusOr<std::string> TryInChild(absl::Duration timeout,
                                       absl::FunctionRef<absl::StatusOr<std::string>()> work) {
  absl::StatusOr<std::string> answer = RunInChild(timeout, [&] {
    absl::StatusOr<std::string> result = work();
    const char code = static_cast<char>(result.status().code());
    return absl::StrCat(absl::string_view(&code, 1),
                        result.ok() ? absl::string_view(*result) : result.status().message());
  });
  RELOC_RETURN_IF_ERROR(answer.status());
  if (answer->empty()) return absl::InternalError("a process that looked at files said nothing");
  const auto code = static_cast<absl::StatusCode>((*answer)[0]);
  answer->erase(0, 1);
  if (code == absl::StatusCode::kOk) return answer;
  return absl::Status(code, *answer);
}

}  // namespace reloc
