#include "reloc/job/job_files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"
#include "reloc/base/file.h"
#include "reloc/fault/fault.h"
#include "reloc/hosted/status.h"
#include "reloc/job/attach_socket.h"

namespace reloc {
namespace {

constexpr char kJobsDir[] = "jobs";
constexpr char kNewStatusFile[] = "status.new";
constexpr absl::string_view kFirstLine = "status 1";
constexpr size_t kMaxIdLength = 32;
constexpr absl::Duration kBirth = absl::Seconds(10);  // how long a launcher takes to start, at most

std::string JobDirName(const std::string& id) { return absl::StrCat(kJobsDir, "/", id); }

std::string ToText(const JobStatus& status) {
  std::string text = absl::StrCat(kFirstLine, "\nwait_status ", status.wait_status, "\nended_at ",
                                  absl::ToUnixNanos(status.ended_at), "\n");
  if (status.cpu_seconds) absl::StrAppendFormat(&text, "cpu_seconds %.6f\n", *status.cpu_seconds);
  return text;
}

// Returns false if the value is malformed. Unknown names come from a newer launcher.
bool TakeLine(absl::string_view line, JobStatus* status) {
  std::pair<absl::string_view, absl::string_view> field = absl::StrSplit(line, absl::MaxSplits(' ', 1));
  if (field.first == "wait_status") return absl::SimpleAtoi(field.second, &status->wait_status);
  if (field.first == "cpu_seconds") return absl::SimpleAtod(field.second, &status->cpu_seconds.emplace());
  if (field.first != "ended_at") return true;
  int64_t nanos = 0;
  bool valid = absl::SimpleAtoi(field.second, &nanos);
  status->ended_at = absl::FromUnixNanos(nanos);
  return valid;
}

absl::StatusOr<JobStatus> ParseStatus(absl::string_view text) {
  absl::Status damaged = absl::DataLossError("the status file of a job is damaged");
  if (!absl::ConsumeSuffix(&text, "\n")) return damaged;
  std::vector<absl::string_view> lines = absl::StrSplit(text, '\n');
  JobStatus status;
  bool valid = lines.size() >= 3 && lines[0] == kFirstLine && absl::StartsWith(lines[1], "wait_status ");
  for (size_t i = 1; valid && i < lines.size(); ++i) valid = TakeLine(lines[i], &status);
  return valid ? absl::StatusOr<JobStatus>(status) : damaged;
}

}  // namespace

bool IsJobId(absl::string_view id) {
  return !id.empty() && id.size() <= kMaxIdLength && std::all_of(id.begin(), id.end(), absl::ascii_isalnum);
}

absl::StatusOr<UniqueFd> MakeJobDir(int daemon_dir, const std::string& id) {
  std::string name = JobDirName(id);
  for (const char* directory : {kJobsDir, name.c_str()}) {
    if (::mkdirat(daemon_dir, directory, 0700) != 0 && errno != EEXIST) {
      return absl::ErrnoToStatus(errno, absl::StrCat("cannot make ", directory));
    }
  }
  Result<UniqueFd> fd = OpenAt(daemon_dir, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  if (!fd.ok()) return absl::ErrnoToStatus(fd.error().value, absl::StrCat("cannot open ", name));
  return *std::move(fd);
}

absl::Status WriteJobStatus(int job_dir, const JobStatus& status) {
  Result<UniqueFd> fd =
      fault::Fails(fault::Point::kJobStatus)
          ? Errno::Last()
          : OpenAt(job_dir, kNewStatusFile, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, 0600);
  Errno e = fd.ok() ? kOk : fd.error();
  std::string text = ToText(status);
  if (e.ok()) e = WriteAll(fd->get(), text);
  if (e.ok() && ::renameat(job_dir, kNewStatusFile, job_dir, kStatusFile) != 0) e = Errno::Last();
  return e.ok() ? absl::OkStatus() : absl::ErrnoToStatus(e.value, "cannot write how the job ended");
}

absl::StatusOr<JobStatus> ReadJobStatus(int daemon_dir, const std::string& id) {
  std::string name = absl::StrCat(JobDirName(id), "/", kStatusFile);
  // Opens without blocking: a FIFO in place of the file must not block the caller.
  Result<UniqueFd> fd = OpenAt(daemon_dir, name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  if (!fd.ok()) return absl::ErrnoToStatus(fd.error().value, name);
  char text[512];
  Result<size_t> size = ReadAll(fd->get(), text);
  if (!size.ok()) return absl::ErrnoToStatus(size.error().value, name);
  return ParseStatus({text, *size});
}

std::vector<std::string> ListJobDirs(int daemon_dir) {
  std::vector<std::string> ids;
  std::error_code ignored;  // then the list is empty
  std::string path = absl::StrCat("/proc/self/fd/", daemon_dir, "/", kJobsDir);
  for (std::filesystem::directory_iterator at(path, ignored), end; at != end; at.increment(ignored)) {
    if (std::string id = at->path().filename(); IsJobId(id)) ids.push_back(std::move(id));
  }
  return ids;
}

bool IsAbandoned(int daemon_dir, const std::string& id) {
  struct stat st;
  std::string name = JobDirName(id);
  if (::fstatat(daemon_dir, name.c_str(), &st, AT_SYMLINK_NOFOLLOW) != 0) return false;
  if (absl::Now() - absl::TimeFromTimespec(st.st_mtim) < kBirth) return false;
  return absl::IsNotFound(ConnectToLauncher(daemon_dir, id).status());
}

void RemoveJobDir(int daemon_dir, const std::string& id) {
  std::string name = JobDirName(id);
  // Other files there are not ours, and keep the directory.
  for (const char* file : {kAttachSocket, kStatusFile, kNewStatusFile}) {
    ::unlinkat(daemon_dir, absl::StrCat(name, "/", file).c_str(), 0);
  }
  ::unlinkat(daemon_dir, name.c_str(), AT_REMOVEDIR);
}

}  // namespace reloc
