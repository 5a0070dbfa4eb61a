#include "daemon/log.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <spdlog/details/null_mutex.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/spdlog.h>
#include <sys/socket.h>
#include <unistd.h>

#include <memory>
#include <mutex>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "reloc/base/file.h"
#include "reloc/fault/fault.h"
#include "reloc/pack/status.h"

namespace reloc {
namespace {

class NonBlockingSink : public spdlog::sinks::base_sink<std::mutex> {
 public:
  explicit NonBlockingSink(UniqueFd fd) : fd_(std::move(fd)) {}

  // Goes on with `fd`, under the old number, so that a line that another thread writes goes to one or the
  // other.
  absl::Status Replace(const UniqueFd& fd) {
    if (::dup3(fd.get(), fd_.get(), O_CLOEXEC) >= 0) return absl::OkStatus();
    return absl::ErrnoToStatus(errno, "cannot go on with the new log");
  }

 protected:
  void sink_it_(const spdlog::details::log_msg& message) override {
    spdlog::memory_buf_t line;
    formatter_->format(message, line);
    if (fault::Fails(fault::Point::kLogWrite)) return;
    // journald's stream is a socket, which cannot be opened anew; all else was opened non-blocking by
    // OpenLog, or at least tells whether it takes something.
    ssize_t sent = ::send(fd_.get(), line.data(), line.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent >= 0 || errno != ENOTSOCK) return;
    struct pollfd writable = {fd_.get(), POLLOUT, 0};
    if (::poll(&writable, 1, 0) != 1) return;
    // A line that does not fit, or is cut short, is lost: there is nowhere to complain.
    [[maybe_unused]] ssize_t written = ::write(fd_.get(), line.data(), line.size());
  }
  void flush_() override {}

 private:
  UniqueFd fd_;
};

// stderr with an open file description of our own, so that O_NONBLOCK does not reach others who share it (the
// user's shell, for one). Where that is not possible (a socket, a terminal of another user) a plain copy.
UniqueFd OpenStderr() {
  Result<UniqueFd> own = Open("/proc/self/fd/2", O_WRONLY | O_APPEND | O_NONBLOCK | O_NOCTTY);
  if (own.ok()) return *std::move(own);
  return UniqueFd(::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3));
}

absl::StatusOr<UniqueFd> OpenLogFile(const std::string& file) {
  Result<UniqueFd> fd = fault::Fails(fault::Point::kLogOpen)
                            ? Errno::Last()
                            : Open(file.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK | O_NOCTTY, 0600);
  if (fd.ok()) return *std::move(fd);
  // A FIFO without a reader is ENXIO: fifo(7).
  const char* why = fd.error().value == ENXIO ? ": nobody reads it" : "";
  return absl::ErrnoToStatus(fd.error().value, absl::StrCat("cannot open log ", file, why));
}

NonBlockingSink* g_sink = nullptr;  // the logger's

void Write(spdlog::level::level_enum level, absl::string_view line) {
  spdlog::default_logger_raw()->log(level, spdlog::string_view_t(line.data(), line.size()));
}

}  // namespace

absl::Status OpenLog(const std::string& level, const std::string& file) {
  UniqueFd fd;
  if (file.empty()) {
    fd = OpenStderr();
  } else {
    RELOC_ASSIGN_OR_RETURN(fd, OpenLogFile(file));
  }
  auto sink = std::make_shared<NonBlockingSink>(std::move(fd));
  g_sink = sink.get();
  auto logger = std::make_shared<spdlog::logger>("relocd", std::move(sink));
  logger->set_pattern("%Y-%m-%dT%H:%M:%S.%e%z relocd[%P] %l: %v");
  logger->set_level(spdlog::level::from_str(level));
  spdlog::set_default_logger(std::move(logger));
  return absl::OkStatus();
}

absl::Status ReopenLog(const std::string& file) {
  RELOC_ASSIGN_OR_RETURN(UniqueFd fd, OpenLogFile(file));
  return g_sink->Replace(fd);
}

void LogDebug(absl::string_view line) { Write(spdlog::level::debug, line); }
void LogInfo(absl::string_view line) { Write(spdlog::level::info, line); }
void LogWarning(absl::string_view line) { Write(spdlog::level::warn, line); }
void LogError(absl::string_view line) { Write(spdlog::level::err, line); }
bool LogsDebug() { return spdlog::default_logger_raw()->should_log(spdlog::level::debug); }

}  // namespace reloc
