// The files of a job that has a launcher (placement daemon): DIR/jobs/<id>/, in the daemon's directory DIR.
//
// The launcher makes the directory and writes into it, relocd reads and removes it. Neither keeps anything
// open, so that the launcher does not depend on which daemon comes next, or whether one does.
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

// How a job ended, as seen by its launcher.
struct JobStatus {
  int wait_status = 0;  // from waitpid(2)
  absl::Time ended_at;
  std::optional<double> cpu_seconds;  // of the job and the descendants that were waited for
};

// Returns true for a possible job id: letters and digits, so that it cannot lead out of a directory.
bool IsJobId(absl::string_view id);

// Makes (mode 0700) and opens the directory of job `id`. `daemon_dir`: a descriptor of DIR.
absl::StatusOr<UniqueFd> MakeJobDir(int daemon_dir, const std::string& id);

// Writes the status file into a job's directory, completely or not at all: by rename(2).
absl::Status WriteJobStatus(int job_dir, const JobStatus& status);

// Reads what the launcher of job `id` wrote. NotFound if there is nothing, DataLoss if it is damaged.
absl::StatusOr<JobStatus> ReadJobStatus(int daemon_dir, const std::string& id);

// Lists the ids of the jobs that have a directory.
std::vector<std::string> ListJobDirs(int daemon_dir);

// Returns true if nobody needs the directory of job `id` any more: it is old enough for its launcher to serve
// there, and none does.
bool IsAbandoned(int daemon_dir, const std::string& id);

// Removes the directory of job `id` and its content, if it exists.
void RemoveJobDir(int daemon_dir, const std::string& id);

}  // namespace reloc
