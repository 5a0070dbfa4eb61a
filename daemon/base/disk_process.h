// relocd's end of one process for files (disk_worker.h). For threads that may wait a moment; never for the
// event loop's.
#pragma once

#include <memory>
#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "daemon/base/child_process.h"
#include "proto/disk_task.pb.h"
#include "reloc/base/unique_fd.h"
#include "reloc/storage/history_file.h"

namespace reloc {

// argv[1] of the process; on its socket it speaks proto/disk_task.proto.
inline constexpr const char* kDiskWorkerArgument = "--disk-worker";

class DiskProcess {
 public:
  // Unavailable if too many of them hang already.
  static absl::StatusOr<std::unique_ptr<DiskProcess>> Start();
  // Gives it up if it is not idle.
  ~DiskProcess();
  DiskProcess(const DiskProcess&) = delete;
  DiskProcess& operator=(const DiskProcess&) = delete;

  // Has `task` done. DeadlineExceeded if nothing comes of it for `patience` and the process does not run
  // either, or has run eight times as long in vain. After an error that is not the task's own, failed() is
  // true and nothing more can be asked.
  using OnRecord = absl::FunctionRef<void(absl::string_view record)>;
  absl::Status Do(const relocd::v1::DiskTask& task, absl::Duration patience, OnRecord on_record);
  bool failed() const { return failed_; }

  // For the event loop: gives it `task` and does not wait. The first part of the answer can be read from
  // socket() then, with Receive().
  absl::Status Post(const relocd::v1::DiskTask& task);
  absl::StatusOr<relocd::v1::DiskReply> Receive(absl::Duration patience);
  int socket() const { return socket_.get(); }
  // Nothing more is wanted of it: the destructor does not wait.
  void Abandon() { failed_ = true; }

  pid_t pid() const { return process_.pid; }
  // Of the process: readable once it has ended.
  int pidfd() const { return process_.pidfd.get(); }

 private:
  DiskProcess() = default;
  friend void PostToDisk(const relocd::v1::DiskTask& task);
  bool Answers(absl::Duration patience);

  ChildProcess process_;
  UniqueFd socket_;
  absl::Duration spare_;  // what is left of it for this task
  bool failed_ = false;
};

// One task in a process for itself. DeadlineExceeded says that `path` does not answer.
absl::Status DoOnDisk(const relocd::v1::DiskTask& task, const std::string& path, absl::Duration patience,
                      DiskProcess::OnRecord on_record);

// Has `task` done some time, or not at all where too many file systems hang. Does not wait: for the event
// loop.
void PostToDisk(const relocd::v1::DiskTask& task);

// Reads what ReadPastJobs() and ReadPastEvents() do.
absl::Status ReadHistoryApart(const std::string& path, bool events, const HistoryQuery& query,
                              DiskProcess::OnRecord on_record);

// True if there is a file of that name on a file system that answers.
bool IsThere(const std::string& path);

}  // namespace reloc
