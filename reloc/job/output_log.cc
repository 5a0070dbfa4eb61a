#include "reloc/job/output_log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "reloc/base/file.h"
#include "reloc/fault/fault.h"
#include "reloc/hosted/files.h"
#include "reloc/hosted/own_file.h"
#include "reloc/hosted/status.h"

namespace reloc {
namespace {

// Enough for a note and some output.
constexpr uint64_t kLeastFileLimit = 4096;

uint64_t FileLimit(uint64_t limit_bytes) {
  struct rlimit limit = {RLIM_INFINITY, RLIM_INFINITY};
  ::getrlimit(RLIMIT_FSIZE, &limit);
  return std::min<uint64_t>(std::max(limit_bytes / 2, kLeastFileLimit), limit.rlim_cur);
}

absl::StatusOr<UniqueFd> MakeOwnDirectory(const std::string& dir) {
  RELOC_RETURN_IF_ERROR(MakeDirectories(dir));
  RELOC_ASSIGN_OR_RETURN(UniqueFd fd, OpenFile(dir, O_PATH | O_DIRECTORY | O_NOFOLLOW));
  struct stat st;
  if (::fstat(fd.get(), &st) == 0 && st.st_uid != ::geteuid()) {
    return absl::PermissionDeniedError(
        absl::StrCat("cannot keep output in ", dir, ", which belongs to uid ", st.st_uid));
  }
  // Not only with mkdir(2): the umask is that of the job's caller, and may be anything. By path, because
  // O_PATH allows no fchmod(2) and a directory of mode 0 cannot be opened otherwise; nobody else can replace
  // what is ours.
  if (::chmod(dir.c_str(), 0700) != 0) return SystemError(errno, absl::StrCat("cannot keep output in ", dir));
  return fd;
}

// Opens a file with a lock that shows readers that it has a writer. File systems without locks (Lustre
// without -o flock) fail with ENOSYS; readers cannot ask there either, and then use inotify alone.
Result<UniqueFd> OpenLocked(int dir, const std::string& name, int flags) {
  constexpr int kFlags = O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK;
  Result<UniqueFd> file = OpenAt(dir, name.c_str(), kFlags | flags, 0600);
  if (!file.ok()) return file;
  if (!IsOwnFile(file->get())) return Errno{EPERM};
  if (::fchmod(file->get(), 0600) != 0) return Errno::Last();
  struct flock lock = {};
  lock.l_type = F_WRLCK;
  (void)::fcntl(file->get(), F_OFD_SETLK, &lock);
  return file;
}

}  // namespace

absl::StatusOr<OutputLog> OutputLog::Open(const std::string& dir, const std::string& id,
                                          uint64_t limit_bytes) {
  RELOC_ASSIGN_OR_RETURN(UniqueFd fd, MakeOwnDirectory(dir));
  OutputLog log(std::move(fd), id, FileLimit(limit_bytes));
  RELOC_RETURN_IF_ERROR(log.OpenFirst(dir));
  return log;
}

absl::Status OutputLog::OpenFirst(const std::string& dir) {
  Result<UniqueFd> file =
      fault::Fails(fault::Point::kOutputOpen) ? Errno::Last() : OpenLocked(dir_.get(), id_, 0);
  struct stat st = {};
  if (!file.ok() || ::fstat(file->get(), &st) != 0) {
    return SystemError(file.ok() ? errno : file.error().value,
                       absl::StrCat("cannot keep output in ", dir, "/", id_));
  }
  file_ = *std::move(file);
  size_ = static_cast<uint64_t>(st.st_size);
  return absl::OkStatus();
}

OutputLog::~OutputLog() {
  if (file_.valid() && dropped_ > 0) (void)WriteNote();  // the last chance
}

void OutputLog::Append(std::string_view bytes) {
  while (!bytes.empty()) {
    int error = dropped_ > 0 ? WriteNote() : 0;
    if (error == 0) error = WriteSome(&bytes);
    if (error == 0) continue;
    dropped_ += bytes.size();
    why_dropped_ = error;
    return;
  }
}

// This and the following functions return 0 or an errno.
int OutputLog::WriteSome(std::string_view* bytes) {
  if (int error = MakeRoom(1); error != 0) return error;
  std::string_view fits = bytes->substr(0, file_limit_ - size_);
  ssize_t written =
      fault::Fails(fault::Point::kOutputWrite) ? -1 : ::write(file_.get(), fits.data(), fits.size());
  if (written < 0) return errno == EINTR ? 0 : errno;
  if (written == 0) return ENOSPC;
  size_ += static_cast<uint64_t>(written);
  in_line_ = (*bytes)[static_cast<size_t>(written) - 1] != '\n';
  bytes->remove_prefix(static_cast<size_t>(written));
  return 0;
}

// Writes the note on a line of its own, completely or not at all.
int OutputLog::WriteNote() {
  std::string note = absl::StrCat(in_line_ ? "\n" : "", "[relocd: ", dropped_,
                                  " bytes of output could not be kept: ", strerror(why_dropped_), "]\n");
  if (int error = MakeRoom(note.size()); error != 0) return error;
  if (Errno error = WriteAll(file_.get(), note); !error.ok()) {
    // If this fails too, a part of the note remains.
    [[maybe_unused]] int cut = ::ftruncate(file_.get(), static_cast<off_t>(size_));
    return error.value;
  }
  size_ += note.size();
  in_line_ = false;
  dropped_ = 0;
  return 0;
}

int OutputLog::MakeRoom(size_t bytes) {
  if (bytes > file_limit_) return EFBIG;
  return size_ + bytes > file_limit_ ? Rotate() : 0;
}

// If it fails, nothing has changed, or the name is unused for a moment longer; the next call tries again.
int OutputLog::Rotate() {
  const std::string fresh = id_ + ".new";
  if (::unlinkat(dir_.get(), fresh.c_str(), 0) != 0 && errno != ENOENT) return errno;
  Result<UniqueFd> file = OpenLocked(dir_.get(), fresh, O_EXCL);
  if (!file.ok()) return file.error().value;
  // ENOENT: the file was removed, or the second rename failed last time.
  bool moved =
      ::renameat(dir_.get(), id_.c_str(), dir_.get(), RotatedOutput(id_).c_str()) == 0 || errno == ENOENT;
  if (!moved || ::renameat(dir_.get(), fresh.c_str(), dir_.get(), id_.c_str()) != 0) {
    int error = errno;
    (void)::unlinkat(dir_.get(), fresh.c_str(), 0);
    return error;
  }
  file_ = *std::move(file);  // closes the full file: last, because of the readers
  size_ = 0;
  return 0;
}

}  // namespace reloc
