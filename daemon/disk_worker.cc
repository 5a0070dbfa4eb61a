#include "daemon/disk_worker.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "daemon/base/child_process.h"
#include "daemon/base/frame.h"
#include "daemon/history/history_store.h"
#include "daemon/metrics/textfile.h"
#include "proto/disk_task.pb.h"
#include "reloc/base/unique_fd.h"
#include "reloc/hosted/files.h"
#include "reloc/hosted/status.h"
#include "reloc/job/daemon_place.h"
#include "reloc/storage/history_file.h"

namespace reloc {
namespace {

using relocd::v1::DiskReply;
using relocd::v1::DiskTask;

constexpr size_t kRecordBytes = 64 * 1024;  // of which a reply is made
constexpr time_t kMostWork = 20;            // seconds of a processor, without a reply

// SIGPROF ends a process that never gets done, also when relocd has ended. 0: no limit.
void LimitWork(time_t seconds) {
  const struct itimerval limit = {{0, 0}, {seconds, 0}};
  (void)::setitimer(ITIMER_PROF, &limit, nullptr);
}

class Worker {
 public:
  explicit Worker(UniqueFd socket) : socket_(std::move(socket)) {}

  [[noreturn]] void Run() {
    while (true) {
      std::string bytes;
      DiskTask task;
      const bool asked = ReceiveFrame(socket_.get(), &bytes, absl::InfiniteDuration()).ok();
      if (!asked || !task.ParseFromString(bytes)) ::_exit(0);
      LimitWork(kMostWork);
      absl::Status status = Do(task);
      reply_.set_done(true);
      reply_.set_code(static_cast<int>(status.code()));
      reply_.set_message(std::string(status.message()));
      Send();
      LimitWork(0);
    }
  }

 private:
  absl::Status Do(const DiskTask& task) {
    switch (task.task_case()) {
      case DiskTask::kWriteHistory:
        return WriteHistory(task.write_history());
      case DiskTask::kReadHistory:
        return ReadHistory(task.read_history());
      case DiskTask::kWriteTextfile:
        return WriteTextfile(task.write_textfile());
      case DiskTask::kLook:
        return ::access(task.look().c_str(), F_OK) == 0 ? absl::OkStatus() : SystemError(errno, task.look());
      case DiskTask::kTouch:
        return Touch(task.touch());
      case DiskTask::kFindPlace:
        return FindPlace(task.find_place());
      default:
        return absl::UnimplementedError("no such task");
    }
  }

  static absl::Status Touch(const std::string& path) {
    const bool done = ::utimensat(AT_FDCWD, path.c_str(), nullptr, AT_SYMLINK_NOFOLLOW) == 0;
    return done ? absl::OkStatus() : SystemError(errno, path);
  }

  absl::Status FindPlace(const std::string& dir) {
    RELOC_ASSIGN_OR_RETURN(std::string place, BetterDaemonPlace(dir));
    // No kernel answers that from its memory. It may be missing, or be another user's.
    if (IsSecondDaemonPlace(dir) || IsSecondDaemonPlace(place)) {
      for (const std::string& path : {dir, place}) (void)Touch(path).ok();
    }
    reply_.add_records(place);
    return absl::OkStatus();
  }

  absl::Status WriteHistory(const DiskTask::WriteHistory& task) {
    if (!store_) {
      const absl::Duration age =
          task.age_ns() == 0 ? absl::InfiniteDuration() : absl::Nanoseconds(task.age_ns());
      store_.emplace(task.path(), HistoryLimits{task.jobs(), age}, task.daemon(), HistoryClocks{},
                     [this](const std::string& text) { reply_.add_warnings(text); });
    }
    std::vector<HistoryItem> items;
    for (const relocd::v1::HistoryEntry& entry : task.entries()) {
      items.push_back({entry.event(), entry.number(), entry.job_ended()});
    }
    return store_->Write(items);
  }

  absl::Status ReadHistory(const DiskTask::ReadHistory& task) {
    HistoryQuery query;
    query.since = absl::FromUnixNanos(task.since_ns());
    query.until = absl::FromUnixNanos(task.until_ns());
    query.limit = task.limit();
    query.daemon = task.daemon();
    query.last_number = task.last_number();
    auto take = [&](absl::string_view record) {
      reply_.add_records(std::string(record));
      taken_ += record.size();
      if (taken_ >= kRecordBytes) Send();
    };
    return task.events() ? ReadPastEvents(task.path(), query, take) : ReadPastJobs(task.path(), query, take);
  }

  static absl::Status WriteTextfile(const DiskTask::WriteTextfile& task) {
    if (!task.remove()) return ReplaceTextfile(task.path(), task.text());
    return ::unlink(task.path().c_str()) == 0 ? absl::OkStatus() : SystemError(errno, task.path());
  }

  // relocd waits for it, or does not want it any more.
  void Send() {
    if (!SendFrame(socket_.get(), reply_.SerializeAsString(), absl::InfiniteDuration()).ok()) ::_exit(0);
    LimitWork(kMostWork);
    reply_.Clear();
    taken_ = 0;
  }

  UniqueFd socket_;
  std::optional<HistoryStore> store_;
  DiskReply reply_;
  size_t taken_ = 0;  // bytes of records in it
};

}  // namespace

void DiskWorkerMain() {
  UniqueFd socket = TakeParentSocket();
  ::prctl(PR_SET_NAME, "relocd-disk");
  ::signal(SIGPIPE, SIG_IGN);
  ::signal(SIGXFSZ, SIG_IGN);  // writing over `ulimit -f` is an error like a full disk
  ::umask(077);
  Worker(std::move(socket)).Run();
}

}  // namespace reloc
