#include "daemon/base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <spdlog/details/null_mutex.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/spdlog.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "daemon/base/log_file.h"
#include "daemon/base/log_writer.h"
#include "reloc/base/file.h"
#include "reloc/fault/fault.h"
#include "reloc/hosted/status.h"
#include "reloc/hosted/text.h"

namespace reloc {
namespace {

// A pipe, a terminal, a device or journald's socket: what takes nothing now says so.
class Stream {
 public:
  explicit Stream(UniqueFd fd) : fd_(std::move(fd)) {}

  bool Write(absl::string_view line) const {
    // journald's stream is a socket, which cannot be opened again. Any other file was opened non-blocking, or
    // at least poll(2) says whether it takes something.
    const ssize_t sent = ::send(fd_.get(), line.data(), line.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0 && errno == ENOTSOCK) AppendToLog(fd_.get(), line);
    return true;
  }

 private:
  UniqueFd fd_;
};

class NonBlockingSink : public spdlog::sinks::base_sink<std::mutex> {
 public:
  explicit NonBlockingSink(Stream stream) : stream_(std::move(stream)) {}
  explicit NonBlockingSink(std::unique_ptr<LogWriter> writer) : writer_(std::move(writer)) {}

  void Reopen() {
    std::lock_guard lock(mutex_);
    if (writer_ != nullptr) writer_->Reopen();
  }
  // Nothing is written from then on.
  void Close() {
    std::lock_guard lock(mutex_);
    writer_.reset();
    stream_.reset();
  }

 protected:
  void sink_it_(const spdlog::details::log_msg& message) override {
    if (fault::Fails(fault::Point::kLogWrite)) return;
    if (lost_ > 0) {
      const std::string text = absl::StrCat(lost_, " lines are lost: the log did not take them");
      spdlog::details::log_msg lost(message.time, {}, message.logger_name, spdlog::level::warn, text);
      if (!Put(lost)) return void(++lost_);
      lost_ = 0;
    }
    if (!Put(message)) ++lost_;
  }
  void flush_() override {}

 private:
  bool Put(const spdlog::details::log_msg& message) {
    spdlog::memory_buf_t line;
    formatter_->format(message, line);
    const absl::string_view text(line.data(), line.size());
    if (writer_ != nullptr) return writer_->Write(text);
    return !stream_ || stream_->Write(text);
  }

  std::unique_ptr<LogWriter> writer_;
  std::optional<Stream> stream_;
  size_t lost_ = 0;  // since the last line that was taken
};

// stderr with an open file description of our own, so that O_NONBLOCK does not reach others who share it (the
// user's shell, for one). Where that is not possible (a socket, a terminal of another user) a plain copy.
UniqueFd OpenStderr() {
  Result<UniqueFd> own = Open("/proc/self/fd/2", O_WRONLY | O_APPEND | O_NONBLOCK | O_NOCTTY);
  if (own.ok()) return *std::move(own);
  return UniqueFd(::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3));
}

bool StderrIsRegularFile() {
  struct stat st;
  return ::fstat(STDERR_FILENO, &st) == 0 && S_ISREG(st.st_mode);
}

NonBlockingSink* g_sink = nullptr;  // the logger's

void Write(spdlog::level::level_enum level, absl::string_view line) {
  // Paths come from anywhere: what they hold makes no second line.
  const std::string text = OneLine(line);
  spdlog::default_logger_raw()->log(level, spdlog::string_view_t(text.data(), text.size()));
}

}  // namespace

absl::Status OpenLog(const std::string& level, const std::string& file, bool configured) {
  std::shared_ptr<NonBlockingSink> sink;
  if (file.empty() && !StderrIsRegularFile()) {
    sink = std::make_shared<NonBlockingSink>(Stream(OpenStderr()));
  } else {
    auto writer = std::make_unique<LogWriter>(file, configured);
    RELOC_RETURN_IF_ERROR(writer->Start());
    sink = std::make_shared<NonBlockingSink>(std::move(writer));
  }
  g_sink = sink.get();
  auto logger = std::make_shared<spdlog::logger>("relocd", std::move(sink));
  logger->set_pattern("%Y-%m-%dT%H:%M:%S.%e%z relocd[%P] %l: %v");
  logger->set_level(spdlog::level::from_str(level));
  spdlog::set_default_logger(std::move(logger));
  return absl::OkStatus();
}

void ReopenLog() {
  if (g_sink != nullptr) g_sink->Reopen();
}

void CloseLog() {
  if (g_sink != nullptr) g_sink->Close();
}

void LogDebug(absl::string_view line) { Write(spdlog::level::debug, line); }
void LogInfo(absl::string_view line) { Write(spdlog::level::info, line); }
void LogWarning(absl::string_view line) { Write(spdlog::level::warn, line); }
void LogError(absl::string_view line) { Write(spdlog::level::err, line); }
bool LogsDebug() { return spdlog::default_logger_raw()->should_log(spdlog::level::debug); }

}  // namespace reloc
