#include "client/base/answering.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "reloc/base/file.h"
#include "reloc/hosted/child_task.h"
#include "reloc/hosted/status.h"

namespace reloc {
namespace {

constexpr char kOpened = 'o';  // the first byte of the status, once the file could be opened

struct Pipe {
  UniqueFd from, to;
};

absl::Status Open(Pipe* pipe) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return absl::ErrnoToStatus(errno, "cannot make a pipe");
  UniqueFd from(ends[0]), to(ends[1]);
  // Above the standard descriptors, some of which the caller may have closed.
  pipe->from.Reset(::fcntl(from.get(), F_DUPFD_CLOEXEC, 3));
  pipe->to.Reset(::fcntl(to.get(), F_DUPFD_CLOEXEC, 3));
  if (pipe->from.valid() && pipe->to.valid()) return absl::OkStatus();
  return absl::ErrnoToStatus(errno, "cannot make a pipe");
}

// Reads to the end. Errors cannot be reported: the parent has ended.
std::string ReadRequest(int fd) {
  std::string text;
  char part[1024];
  while (true) {
    const ssize_t size = ::read(fd, part, sizeof part);
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) return text;
    text.append(part, static_cast<size_t>(size));
  }
}

// Runs in the child: closes everything of the caller whose end may be waited for.
[[noreturn]] void Work(int request, int output, int status, pid_t parent, const FileReader::Work& work) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(1);  // the parent ended before the line above
  Result<UniqueFd> null = reloc::Open("/dev/null", O_RDWR);
  for (int fd = 0; null.ok() && fd < 3; ++fd) ::dup2(null->get(), fd);
  ::signal(SIGPIPE, SIG_IGN);
  const std::string what = ReadRequest(request);
  if (what.empty()) ::_exit(0);
  absl::Status done = work(what, output, [&] { (void)WriteAll(status, {&kOpened, 1}).ok(); });
  const char code = static_cast<char>('A' + static_cast<int>(done.code()));
  const std::string said = absl::StrCat(absl::string_view(&code, 1), done.message());
  ::_exit(WriteAll(status, said).ok() ? 0 : 1);
}

}  // namespace

absl::Status DoesNotAnswer(const std::string& name) {
  return absl::DeadlineExceededError(
      absl::StrCat(name, " does not answer; see whether its file server is there"));
}

absl::Status CheckAnswers(const std::string& path, absl::Duration timeout) {
  absl::StatusOr<std::string> looked = RunInChild(timeout, [&] {
    Result<UniqueFd> fd = reloc::Open(path.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY);
    char byte;
    // For a directory this is an error, but it sends the same request.
    if (fd.ok()) [[maybe_unused]]
      ssize_t size = ::read(fd->get(), &byte, 1);
    return std::string("looked");
  });
  return absl::IsDeadlineExceeded(looked.status()) ? DoesNotAnswer(path) : absl::OkStatus();
}

absl::StatusOr<FileReader> FileReader::Start(Work work) {
  Pipe request, output, status;
  for (Pipe* pipe : {&request, &output, &status}) RELOC_RETURN_IF_ERROR(Open(pipe));
  const pid_t parent = ::getpid();
  const pid_t pid = ::fork();
  if (pid < 0) return absl::ErrnoToStatus(errno, "cannot fork");
  if (pid == 0) {
    request.to.Reset();
    output.from.Reset();
    status.from.Reset();
    reloc::Work(request.from.get(), output.to.get(), status.to.get(), parent, work);
  }
  return FileReader(pid, std::move(request.to), std::move(output.from), std::move(status.from));
}

FileReader::~FileReader() {
  if (!status_.valid()) return;  // moved from
  request_.Reset();
  ::kill(pid_, SIGKILL);
  // If it hangs, init reaps it after this process has ended.
  (void)::waitpid(pid_, nullptr, WNOHANG);
}

// Waits for input. Returns false if none comes and the child is blocked. `readable`: of the output, otherwise
// of the status.
bool FileReader::Await(bool forever, bool* readable) const {
  while (true) {
    struct pollfd events[] = {{output_.get(), POLLIN, 0},
                              {status_.get(), POLLIN, 0},
                              {forever ? STDOUT_FILENO : -1, 0, 0}};  // its reader may have closed
    const int timeout = forever ? -1 : static_cast<int>(absl::ToInt64Milliseconds(kFileTimeout));
    const int ready = ::poll(events, 3, timeout);
    if (ready < 0 && errno == EINTR) continue;
    if (ready == 0 && IsRunnable(pid_)) continue;
    if (ready <= 0) return false;
    *readable = (events[0].revents & POLLIN) != 0;
    if (!*readable && events[1].revents == 0 && events[2].revents != 0) return false;
    return true;
  }
}

absl::Status FileReader::Finish(const std::string& said) const {
  if (said.empty()) return absl::InternalError("the process that reads files has ended");
  return absl::Status(static_cast<absl::StatusCode>(said[0] - 'A'), said.substr(1));
}

absl::Status FileReader::Read(const std::string& what, const std::string& name, bool may_wait) {
  if (!WriteAll(request_.get(), what).ok()) return Finish("");
  request_.Reset();
  bool opened = false, readable = false;
  std::string said;
  while (true) {
    const bool forever = opened && may_wait;
    if (!Await(forever, &readable)) return forever ? absl::OkStatus() : DoesNotAnswer(name);
    char part[16 * 1024];
    const int fd = readable ? output_.get() : status_.get();
    const ssize_t size = ::read(fd, part, sizeof part);
    if (size < 0 && errno == EINTR) continue;
    if (readable && size > 0) {
      Errno written = WriteAll(STDOUT_FILENO, {part, static_cast<size_t>(size)});
      // The reader has closed.
      if (written.value == EPIPE) return absl::OkStatus();
      if (!written.ok()) return absl::ErrnoToStatus(written.value, "cannot write to standard output");
      continue;
    }
    if (size <= 0) return Finish(said);
    absl::string_view text(part, static_cast<size_t>(size));
    if (!opened && text[0] == kOpened) {
      opened = true;
      text.remove_prefix(1);
    }
    said.append(text.data(), text.size());
  }
}

}  // namespace reloc
