#include "daemon/base/log_file.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "reloc/base/file.h"
#include "reloc/hosted/status.h"
#include "reloc/hosted/trusted_path.h"

namespace reloc {
namespace {

absl::Status Refuse(const std::string& path, absl::string_view why) {
  return absl::FailedPreconditionError(
      absl::StrCat("cannot log to ", path, ": ", why, "; remove it, or choose another file with --log-file"));
}

absl::Status RefuseForeign(const std::string& path, absl::string_view why) {
  return absl::UnauthenticatedError(Refuse(path, why).message());
}

// Whose a terminal is does not matter: only root makes devices.
absl::Status RequireOwner(const std::string& path, const struct stat& st) {
  if (st.st_uid == ::geteuid() || st.st_uid == 0 || S_ISCHR(st.st_mode)) return absl::OkStatus();
  return RefuseForeign(path, absl::StrCat("it belongs to uid ", st.st_uid));
}

// Looks before anything is opened: the reader of a FIFO would notice that. As root with a user's $HOME, what
// has the log's name may be that user's, and anything. `is_link`: it may be followed, such as /dev/stdout.
absl::Status CheckName(const std::string& path, bool configured, bool* is_link) {
  const bool in_dev = configured && absl::StartsWith(path, "/dev/");
  absl::Status trusted = in_dev ? absl::OkStatus() : RequireTrustedPath(path);
  if (absl::IsPermissionDenied(trusted)) return RefuseForeign(path, trusted.message());
  struct stat st;
  if (::lstat(path.c_str(), &st) != 0) return absl::OkStatus();  // open(2) says why
  *is_link = in_dev && S_ISLNK(st.st_mode);
  return RequireOwner(path, st);
}

absl::Status CheckFile(const std::string& path, int fd, bool configured) {
  struct stat st;
  if (::fstat(fd, &st) != 0) return absl::ErrnoToStatus(errno, absl::StrCat("cannot check log ", path));
  const bool fits = S_ISREG(st.st_mode) || (configured && (S_ISFIFO(st.st_mode) || S_ISCHR(st.st_mode)));
  return fits ? RequireOwner(path, st) : Refuse(path, "it is not a regular file");
}

}  // namespace

absl::StatusOr<UniqueFd> OpenLogFile(const std::string& path, bool configured) {
  bool is_link = false;
  RELOC_RETURN_IF_ERROR(CheckName(path, configured, &is_link));
  const int flags = O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK | O_NOCTTY | (is_link ? 0 : O_NOFOLLOW);
  Result<UniqueFd> fd = Open(path.c_str(), flags, 0600);
  if (!fd.ok()) {
    // A FIFO without a reader is ENXIO: fifo(7).
    const char* why = fd.error().value == ENXIO   ? ": nobody reads it"
                      : fd.error().value == ELOOP ? ": it is a symlink"
                                                  : "";
    return absl::ErrnoToStatus(fd.error().value, absl::StrCat("cannot open log ", path, why));
  }
  if (!is_link) RELOC_RETURN_IF_ERROR(CheckFile(path, fd->get(), configured));
  return *std::move(fd);
}

size_t AppendToLog(int fd, absl::string_view line) {
  struct pollfd writable = {fd, POLLOUT, 0};
  if (::poll(&writable, 1, 0) != 1) return 0;
  const ssize_t written = ::write(fd, line.data(), line.size());
  return written > 0 ? static_cast<size_t>(written) : 0;
}

}  // namespace reloc
