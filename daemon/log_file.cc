#include "daemon/log_file.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "reloc/base/file.h"
#include "reloc/pack/status.h"

namespace reloc {
namespace {

absl::Status Refuse(const std::string& path, absl::string_view why) {
  return absl::FailedPreconditionError(
      absl::StrCat("cannot log to ", path, ": ", why, "; remove it, or choose another file with --log-file"));
}

// As root with a user's $HOME, what has the log's name may be that user's, and anything.
absl::Status Check(const std::string& path, int fd, bool configured) {
  struct stat st;
  if (::fstat(fd, &st) != 0) return absl::ErrnoToStatus(errno, absl::StrCat("cannot check log ", path));
  if (!S_ISREG(st.st_mode)) {
    return configured ? absl::OkStatus() : Refuse(path, "it is not a regular file");
  }
  if (st.st_uid == ::geteuid()) return absl::OkStatus();
  return Refuse(path, absl::StrCat("it belongs to uid ", st.st_uid));
}

}  // namespace

absl::StatusOr<UniqueFd> OpenLogFile(const std::string& path, bool configured) {
  // /dev/stdout is a link.
  const int no_follow = configured && absl::StartsWith(path, "/dev/") ? 0 : O_NOFOLLOW;
  Result<UniqueFd> fd =
      Open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK | O_NOCTTY | no_follow, 0600);
  if (!fd.ok()) {
    // A FIFO without a reader is ENXIO: fifo(7).
    const char* why = fd.error().value == ENXIO   ? ": nobody reads it"
                      : fd.error().value == ELOOP ? ": it is a symlink"
                                                  : "";
    return absl::ErrnoToStatus(fd.error().value, absl::StrCat("cannot open log ", path, why));
  }
  RELOC_RETURN_IF_ERROR(Check(path, fd->get(), configured));
  return *std::move(fd);
}

void AppendToLog(int fd, absl::string_view line) {
  struct pollfd writable = {fd, POLLOUT, 0};
  if (::poll(&writable, 1, 0) != 1) return;
  [[maybe_unused]] ssize_t written = ::write(fd, line.data(), line.size());
}

}  // namespace reloc
