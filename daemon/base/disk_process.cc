#include "daemon/base/disk_process.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>

#include <utility>

#include "absl/memory/memory.h"
#include "absl/strings/str_cat.h"
#include "daemon/base/frame.h"
#include "daemon/base/log.h"
#include "daemon/base/timer.h"
#include "reloc/hosted/child_task.h"
#include "reloc/hosted/status.h"

namespace reloc {
namespace {

using relocd::v1::DiskReply;
using relocd::v1::DiskTask;

// Clients wait for two seconds, and for the history's writer before.
constexpr absl::Duration kReadPatience = absl::Milliseconds(1500);  // more than SQLite waits for a writer
constexpr absl::Duration kLookPatience = absl::Milliseconds(500);
constexpr size_t kMaxHanging = 16;
constexpr int kMostExtensions = 8;  // of the patience, for a process that runs, in all of one task

absl::Status ToStatus(Errno error) {
  if (error.ok()) return absl::OkStatus();
  if (error.value == ETIMEDOUT) return absl::DeadlineExceededError("no answer");
  return absl::UnavailableError("the process for files has ended");
}

}  // namespace

absl::StatusOr<std::unique_ptr<DiskProcess>> DiskProcess::Start() {
  if (GivenUpChildren() >= kMaxHanging) {
    return absl::UnavailableError("too many processes wait for file systems that do not answer");
  }
  auto disk = absl::WrapUnique(new DiskProcess);
  RELOC_ASSIGN_OR_RETURN(disk->process_, SpawnSelf(kDiskWorkerArgument, SOCK_STREAM, &disk->socket_));
  return disk;
}

DiskProcess::~DiskProcess() {
  socket_.Reset();  // it ends now, unless it hangs
  if (!failed_) EndsWithin(process_, absl::Seconds(1));
  GiveUpChild(std::move(process_), absl::ZeroDuration());
}

// One that has much to do, or gets no processor, does not hang; one that never comes to an end has spent its
// time.
bool DiskProcess::Answers(absl::Duration patience) {
  struct pollfd readable = {socket_.get(), POLLIN, 0};
  while (true) {
    const int ready = ::poll(&readable, 1, static_cast<int>(absl::ToInt64Milliseconds(patience)));
    if (ready == 1) return true;
    if (spare_ <= absl::ZeroDuration() || (ready == 0 && !IsRunnable(process_.pid))) return false;
    spare_ -= patience;
  }
}

absl::StatusOr<DiskReply> DiskProcess::Receive(absl::Duration patience) {
  if (!Answers(patience)) return ToStatus(Errno{ETIMEDOUT});
  std::string bytes;
  RELOC_RETURN_IF_ERROR(ToStatus(ReceiveFrame(socket_.get(), &bytes, MonotonicNow() + patience)));
  DiskReply reply;
  if (reply.ParseFromString(bytes)) return reply;
  return absl::InternalError("the process for files makes no sense");
}

absl::Status DiskProcess::Do(const DiskTask& task, absl::Duration patience, OnRecord on_record) {
  absl::Status sent = ToStatus(SendFrame(socket_.get(), task.SerializeAsString(), MonotonicNow() + patience));
  failed_ = !sent.ok();
  spare_ = kMostExtensions * patience;
  while (!failed_) {
    absl::StatusOr<DiskReply> reply = Receive(patience);
    failed_ = !reply.ok();
    if (failed_) return reply.status();
    for (const std::string& warning : reply->warnings()) LogWarning(warning);
    for (const std::string& record : reply->records()) on_record(record);
    if (reply->done()) return {static_cast<absl::StatusCode>(reply->code()), reply->message()};
  }
  return sent;
}

absl::Status DoOnDisk(const DiskTask& task, const std::string& path, absl::Duration patience,
                      DiskProcess::OnRecord on_record) {
  RELOC_ASSIGN_OR_RETURN(std::unique_ptr<DiskProcess> disk, DiskProcess::Start());
  absl::Status done = disk->Do(task, patience, on_record);
  if (!absl::IsDeadlineExceeded(done) || !disk->failed()) return done;
  return absl::DeadlineExceededError(absl::StrCat(path, " does not answer"));
}

absl::Status DiskProcess::Post(const DiskTask& task) {
  // A small one, which the socket takes at once.
  const absl::Duration soon = MonotonicNow() + absl::Milliseconds(10);
  return ToStatus(SendFrame(socket_.get(), task.SerializeAsString(), soon));
}

void PostToDisk(const DiskTask& task) {
  absl::StatusOr<std::unique_ptr<DiskProcess>> disk = DiskProcess::Start();
  if (!disk.ok()) return LogWarning(disk.status().message());
  if (!(*disk)->Post(task).ok()) LogDebug("the process for files takes nothing");
  LeaveChild(std::exchange((*disk)->process_, {}));
}

absl::Status ReadHistoryApart(const std::string& path, bool events, const HistoryQuery& query,
                              DiskProcess::OnRecord on_record) {
  DiskTask task;
  DiskTask::ReadHistory* read = task.mutable_read_history();
  read->set_path(path);
  read->set_events(events);
  read->set_since_ns(absl::ToUnixNanos(query.since));
  read->set_until_ns(absl::ToUnixNanos(query.until));
  read->set_limit(query.limit);
  read->set_daemon(query.daemon);
  read->set_last_number(query.last_number);
  return DoOnDisk(task, path, kReadPatience, on_record);
}

bool IsThere(const std::string& path) {
  DiskTask task;
  task.set_look(path);
  return DoOnDisk(task, path, kLookPatience, [](absl::string_view) {}).ok();
}

}  // namespace reloc
