// The files of a job that has a launcher (placement daemon): DIR/jobs/<id>/, in the daemon's directory DIR.
//
// The launcher makes the directory and writes into it, relocd reads and removes it. Nothing is kept open on
// either side, so that the launcher does not mind which daemon comes next, or whether one does.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "reloc/base/unique_fd.h"

namespace reloc {

inline constexpr char kAttachSocket[] = "attach";  // SEQPACKET, served by the launcher
inline constexpr char kStatusFile[] = "status";    // how the job ended

// How a job ended, as its launcher saw it.
struct JobStatus {
  int wait_status = 0;  // as of waitpid(2)
  absl::Time ended_at;
  std::optional<double> cpu_seconds;  // of the job and the descendants that were waited for
};

// True for what can be a job's id: letters and digits, so that it leads out of no directory.
bool IsJobId(absl::string_view id);

// Makes (mode 0700) and opens the directory of job `id`. `daemon_dir`: a descriptor of DIR.
absl::StatusOr<UniqueFd> MakeJobDir(int daemon_dir, const std::string& id);

// Writes the status file into a job's directory, whole or not at all: by rename(2).
absl::Status WriteJobStatus(int job_dir, const JobStatus& status);

// What the launcher of job `id` wrote. NotFound if there is nothing, DataLoss if it is damaged.
absl::StatusOr<JobStatus> ReadJobStatus(int daemon_dir, const std::string& id);

// The ids of the jobs that have a directory.
std::vector<std::string> ListJobDirs(int daemon_dir);

// True if the directory of job `id` is nobody's any more: it is old enough for its launcher to serve there,
// and none does.
bool IsAbandoned(int daemon_dir, const std::string& id);

// Removes the directory of job `id` with all that is in it, if it is there.
void RemoveJobDir(int daemon_dir, const std::string& id);

}  // namespace reloc
