#include "daemon/metrics/textfile.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <system_error>
#include <utility>

#include "absl/memory/memory.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "daemon/base/disk_process.h"
#include "daemon/base/log.h"
#include "reloc/base/file.h"
#include "reloc/fault/fault.h"
#include "reloc/hosted/status.h"

namespace reloc {
namespace {

constexpr int kPatienceMs = 500;
constexpr absl::Duration kDiskPatience = absl::Seconds(5);
constexpr absl::Duration kRemovalPatience = absl::Milliseconds(500);

absl::Status WriteNew(const std::string& path, const std::string& text) {
  // What a killed daemon left. O_EXCL then: in a directory that others can write, it may be a symlink of
  // theirs.
  ::unlink(path.c_str());
  Result<UniqueFd> file = Open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0644);
  if (!file.ok()) return absl::ErrnoToStatus(file.error().value, absl::StrCat("cannot make ", path));
  // relocd's umask hides files from others, and node_exporter is another user.
  Errno e = ::fchmod(file->get(), 0644) == 0 ? WriteAll(file->get(), text) : Errno::Last();
  return e.ok() ? absl::OkStatus() : absl::ErrnoToStatus(e.value, absl::StrCat("cannot write ", path));
}

}  // namespace

absl::Status CheckTextfile(const std::string& path) {
  if (absl::StartsWith(path, "/") && absl::EndsWith(path, ".prom")) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("'", path, "' is not an absolute path that ends in .prom, as node_exporter wants it"));
}

absl::Status ReplaceTextfile(const std::string& path, const std::string& text) {
  const std::string fresh = path + ".new";  // node_exporter does not read it
  absl::Status written = WriteNew(fresh, text);
  if (written.ok() && ::rename(fresh.c_str(), path.c_str()) == 0) return absl::OkStatus();
  if (written.ok()) written = absl::ErrnoToStatus(errno, absl::StrCat("cannot replace ", path));
  ::unlink(fresh.c_str());
  return written;
}

TextfileDisk TextfileApart() {
  auto replace = [](const std::string& path, const std::string& text) -> absl::Status {
    if (fault::Fails(fault::Point::kMetricsWrite)) {
      return absl::ErrnoToStatus(errno, absl::StrCat("cannot write ", path));
    }
    relocd::v1::DiskTask task;
    task.mutable_write_textfile()->set_path(path);
    task.mutable_write_textfile()->set_text(text);
    return DoOnDisk(task, path, kDiskPatience, [](absl::string_view) {});
  };
  auto remove = [](const std::string& path) {
    relocd::v1::DiskTask task;
    task.mutable_write_textfile()->set_path(path);
    task.mutable_write_textfile()->set_remove(true);
    // It may never have been written.
    DoOnDisk(task, path, kRemovalPatience, [](absl::string_view) {}).IgnoreError();
  };
  return {replace, remove};
}

struct Textfile::Writing {
  std::vector<prometheus::MetricFamily> metrics;
  UniqueFd done;  // eventfd(2)
  absl::Status status;
};

absl::StatusOr<std::unique_ptr<Textfile>> Textfile::Create(EventLoop* loop, EventBus* events,
                                                           const Metrics* metrics, std::string path,
                                                           absl::Duration interval, TextfileDisk disk) {
  auto textfile = absl::WrapUnique(new Textfile(loop, metrics, std::move(path), interval, std::move(disk)));
  Textfile* self = textfile.get();
  RELOC_ASSIGN_OR_RETURN(self->timer_, Timer::Create(loop, [self] { self->Write(); }));
  events->Subscribe([self](const Event&) { self->OnEvent(); });
  return textfile;
}

Textfile::~Textfile() {
  if (AwaitThread()) {
    disk_.remove(path_);
  } else {
    thread_.detach();
  }
}

bool Textfile::AwaitThread() {
  if (writing_ == nullptr) return true;
  loop_->Forget(writing_->done.get());
  struct pollfd done = {writing_->done.get(), POLLIN, 0};
  if (::poll(&done, 1, kPatienceMs) != 1) return false;
  thread_.join();
  return true;
}

void Textfile::OnEvent() {
  if (changed_) return;
  changed_ = true;
  if (writing_ == nullptr) timer_->Arm(std::max(absl::ZeroDuration(), next_ - MonotonicNow()));
}

void Textfile::Write() {
  changed_ = false;
  next_ = MonotonicNow() + interval_;
  absl::Status started = StartThread();
  if (started.ok()) return;
  writing_ = nullptr;
  Report(started);
}

absl::Status Textfile::StartThread() {
  writing_ = std::make_shared<Writing>();
  writing_->done.Reset(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!writing_->done.valid()) return absl::ErrnoToStatus(errno, "cannot make an eventfd");
  writing_->metrics = metrics_->Collect();
  RELOC_RETURN_IF_ERROR(loop_->Watch(writing_->done.get(), EPOLLIN, [this](uint32_t) { OnWritten(); }));
  try {
    thread_ = std::thread([writing = writing_, path = path_, replace = disk_.replace] {
      writing->status = replace(path, MetricsText(std::move(writing->metrics)));
      uint64_t one = 1;
      // Cannot fail: the counter is far from full.
      [[maybe_unused]] ssize_t told = ::write(writing->done.get(), &one, sizeof one);
    });
  } catch (const std::system_error& error) {
    loop_->Forget(writing_->done.get());
    return absl::ErrnoToStatus(error.code().value(), "cannot start a thread for the metrics' textfile");
  }
  return absl::OkStatus();
}

void Textfile::OnWritten() {
  loop_->Forget(writing_->done.get());
  thread_.join();
  Report(writing_->status);
  writing_ = nullptr;
  if (changed_) timer_->Arm(std::max(absl::ZeroDuration(), next_ - MonotonicNow()));
}

void Textfile::Report(const absl::Status& status) {
  if (status.message() == complaint_) return;
  complaint_ = std::string(status.message());
  status.ok() ? LogInfo(absl::StrCat("metrics are written to ", path_, " again")) : LogWarning(complaint_);
}

}  // namespace reloc
