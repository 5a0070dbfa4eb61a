#include "daemon/base/log_writer.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "daemon/base/log_file.h"
#include "reloc/cli/output.h"
#include "reloc/fault/fault.h"
#include "reloc/hosted/child_task.h"
#include "reloc/hosted/status.h"
#include "reloc/hosted/text.h"
#include "reloc/ipc/packet.h"

namespace reloc {
namespace {

constexpr size_t kMaxPacket = 16 * 1024;
constexpr absl::Duration kPatience = absl::Seconds(1);
constexpr int kMostExtensions = 10;  // for a process that gets no processor

// The first byte of a packet.
enum Verb : char {
  kLine = 'L',
  kOpen = 'O',            // the path follows
  kOpenConfigured = 'C',  // the same
};

class Writer {
 public:
  explicit Writer(UniqueFd socket) : socket_(std::move(socket)) {}

  [[noreturn]] void Run() {
    char memory[kMaxPacket];
    while (true) {
      const ssize_t size = ::recv(socket_.get(), memory, sizeof memory, 0);
      if (size < 0 && errno == EINTR) continue;
      if (size <= 0) ::_exit(0);
      const absl::string_view rest(memory + 1, static_cast<size_t>(size) - 1);
      if (memory[0] == kLine) {
        Append(rest);
      } else {
        OpenFile(std::string(rest), memory[0]);
      }
    }
  }

 private:
  int file() const { return file_.valid() ? file_.get() : STDERR_FILENO; }

  // Adds `line`, which ends with a newline. What a full disk does not take is counted, and the next line that
  // fits is preceded by the count.
  void Append(absl::string_view line) {
    if (lost_ > 0 && !Put(absl::StrCat(cut_ ? "\n" : "", Now(), " warning: ", lost_,
                                       " lines are lost: the file system did not take them\n"))) {
      ++lost_;
      return;
    }
    lost_ = Put(line) ? 0 : 1;
  }

  // False if not all of `text` was written. Then the file may end within a line.
  bool Put(absl::string_view text) {
    const size_t written = AppendToLog(file(), text);
    if (written > 0) cut_ = written < text.size();
    return written == text.size();
  }

  static std::string Now() {
    return absl::StrCat(absl::FormatTime("%Y-%m-%dT%H:%M:%E3S%Ez", absl::Now(), absl::LocalTimeZone()),
                        " relocd[", ::getppid(), "]");
  }

  // The first time relocd waits for the answer, a status code as a letter and its text. Later nobody does,
  // and the old file gets the error.
  void OpenFile(const std::string& path, char verb) {
    absl::StatusOr<UniqueFd> fresh = path.empty() ? UniqueFd() : OpenLogFile(path, verb == kOpenConfigured);
    const std::string error(fresh.status().message());
    if (!opened_) {
      const char answer[] = {static_cast<char>('A' + static_cast<int>(fresh.status().code())), '\0'};
      (void)SendPacket(socket_.get(), absl::StrCat(answer, error)).ok();
    }
    if (opened_ && !fresh.ok()) {
      Append(absl::StrCat(Now(), " error: ", OneLine(error), "\n"));
    }
    if (fresh.ok()) file_ = *std::move(fresh);
    opened_ = true;
  }

  UniqueFd socket_;
  UniqueFd file_;
  bool opened_ = false;
  size_t lost_ = 0;   // lines since the last one that was written
  bool cut_ = false;  // the file does not end with a newline
};

}  // namespace

void LogWriterMain() {
  UniqueFd socket = TakeParentSocket();
  ::prctl(PR_SET_NAME, "relocd-log");
  ::signal(SIGPIPE, SIG_IGN);
  ::signal(SIGXFSZ, SIG_IGN);
  ::umask(077);
  Writer(std::move(socket)).Run();
}

LogWriter::~LogWriter() {
  if (process_.pid == 0) return;
  socket_.Reset();
  EndsWithin(process_, kPatience);
  GiveUpChild(std::move(process_), absl::ZeroDuration());
}

absl::Status LogWriter::Spawn() {
  RELOC_ASSIGN_OR_RETURN(
      process_, SpawnSelf(kLogWriterArgument, SOCK_SEQPACKET, &socket_, file_.empty() ? STDERR_FILENO : -1));
  Reopen();
  return absl::OkStatus();
}

absl::Status LogWriter::Start() {
  if (fault::Fails(fault::Point::kLogOpen)) {
    return absl::ErrnoToStatus(errno, absl::StrCat("cannot open log ", file_));
  }
  RELOC_RETURN_IF_ERROR(Spawn());
  struct pollfd readable = {socket_.get(), POLLIN, 0};
  ActivityWatch activity(process_.pid);
  int ready = 0;
  for (int i = 0; ready == 0 && i < kMostExtensions && (i == 0 || activity.HasRun()); ++i) {
    ready = ::poll(&readable, 1, static_cast<int>(absl::ToInt64Milliseconds(kPatience)));
  }
  if (ready <= 0) {
    PrintError("relocd", absl::StrCat(file_, " does not answer: lines of the log are lost until it does"));
    return absl::OkStatus();
  }
  char memory[kMaxPacket];
  Packet answer;
  Errno received = ReceivePacket(socket_.get(), memory, &answer);
  if (!received.ok() || answer.size == 0) return absl::UnavailableError("the process for the log has ended");
  return {static_cast<absl::StatusCode>(memory[0] - 'A'), absl::string_view(memory + 1, answer.size - 1)};
}

bool LogWriter::Write(absl::string_view line) {
  const std::string packet = absl::StrCat("L", line.substr(0, kMaxPacket - 1));
  Errno sent = SendPacket(socket_.get(), packet);
  if (sent.ok()) return true;
  if (sent.value == EAGAIN) return false;
  // It was killed.
  GiveUpChild(std::move(process_), absl::ZeroDuration());
  process_ = {};
  return Spawn().ok() && SendPacket(socket_.get(), packet).ok();
}

// A process whose queue is full is not told: it opens the file that it has as long as that hangs.
void LogWriter::Reopen() {
  const char verb = configured_ ? kOpenConfigured : kOpen;
  (void)SendPacket(socket_.get(), absl::StrCat(absl::string_view(&verb, 1), file_)).ok();
}

}  // namespace reloc
