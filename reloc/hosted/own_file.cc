#include "reloc/hosted/own_file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "reloc/base/file.h"
#include "reloc/hosted/files.h"

namespace reloc {

bool IsOwnFile(int fd) {
  struct stat st;
  return ::fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_uid == ::geteuid();
}

absl::StatusOr<UniqueFd> OpenOwnFile(const std::string& path, int flags) {
  auto refuse = [&](absl::string_view why) {
    return absl::FailedPreconditionError(absl::StrCat(path, " ", why));
  };
  Result<UniqueFd> fd = Open(path.c_str(), flags | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
  if (!fd.ok() && fd.error().value == ELOOP) return refuse("is a symlink");
  // A FIFO without a reader, or a socket.
  if (!fd.ok() && fd.error().value == ENXIO) return refuse("is not a regular file");
  if (!fd.ok()) return SystemError(fd.error().value, absl::StrCat("cannot open ", path));
  struct stat st;
  if (::fstat(fd->get(), &st) != 0) return SystemError(errno, absl::StrCat("cannot stat ", path));
  if (!S_ISREG(st.st_mode)) return refuse(S_ISLNK(st.st_mode) ? "is a symlink" : "is not a regular file");
  if (st.st_uid != ::geteuid()) return refuse(absl::StrCat("belongs to uid ", st.st_uid));
  if (st.st_nlink > 1) return refuse("is known by other names, too");
  return *std::move(fd);
}

}  // namespace reloc
