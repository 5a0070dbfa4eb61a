#include "daemon/history/history_process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>

#include "absl/strings/str_cat.h"
#include "reloc/fault/fault.h"
#include "reloc/hosted/status.h"

namespace reloc {
namespace {

// A disk that is only slow: nobody waits for it but what is to be written next.
constexpr absl::Duration kPatience = absl::Seconds(5);

absl::Status DoesNotAnswer(const std::string& path) {
  return absl::DeadlineExceededError(absl::StrCat(path, " does not answer"));
}

}  // namespace

absl::Status HistoryProcess::Write(std::span<const HistoryItem> items) {
  if (hangs()) return DoesNotAnswer(path_);
  absl::Status written = Send(items);
  // So that the next attempt finds whatever is there by then, limits of processes too.
  if (!written.ok()) Close();
  return written;
}

// The one that was given up may still be about to write: another one now would hang as well.
bool HistoryProcess::hangs() const {
  struct pollfd ended = {hanging_.get(), POLLIN, 0};
  return hanging_.valid() && ::poll(&ended, 1, 0) != 1;
}

absl::Status HistoryProcess::Send(std::span<const HistoryItem> items) {
  if (disk_ == nullptr) {
    if (fault::Fails(fault::Point::kHistoryOpen)) return absl::ErrnoToStatus(errno, "cannot open it");
    RELOC_ASSIGN_OR_RETURN(disk_, DiskProcess::Start());
  }
  if (fault::Fails(fault::Point::kHistoryWrite)) return absl::ErrnoToStatus(errno, "cannot write");
  relocd::v1::DiskTask task;
  relocd::v1::DiskTask::WriteHistory* write = task.mutable_write_history();
  write->set_path(path_);
  write->set_jobs(limits_.jobs);
  write->set_age_ns(limits_.age == absl::InfiniteDuration() ? 0 : absl::ToInt64Nanoseconds(limits_.age));
  write->set_daemon(daemon_);
  for (const HistoryItem& item : items) {
    relocd::v1::HistoryEntry* entry = write->add_entries();
    *entry->mutable_event() = item.event;
    entry->set_number(item.number);
    entry->set_job_ended(item.job_ended);
  }
  absl::Status written = disk_->Do(task, kPatience, [](absl::string_view) {});
  if (!absl::IsDeadlineExceeded(written) || !disk_->failed()) return written;
  hanging_.Reset(::fcntl(disk_->pidfd(), F_DUPFD_CLOEXEC, 3));
  return DoesNotAnswer(path_);
}

}  // namespace reloc
