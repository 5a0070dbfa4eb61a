#include "daemon/instance_dir.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <utility>

#include "absl/memory/memory.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "reloc/base/file.h"
#include "reloc/pack/status.h"

namespace reloc {
namespace {

constexpr const char* kLockFile = "lock";

absl::Status Refuse(const std::string& path, absl::string_view why) {
  return absl::FailedPreconditionError(
      absl::StrCat(path, " ", why, "; remove it, or choose another directory with --dir"));
}

absl::Status CheckPrivate(const std::string& path, int fd) {
  struct stat st;
  if (::fstat(fd, &st) != 0) return absl::ErrnoToStatus(errno, absl::StrCat("cannot check ", path));
  if (st.st_uid != ::geteuid()) return Refuse(path, absl::StrCat("belongs to uid ", st.st_uid));
  if ((st.st_mode & 07777) != 0700) return Refuse(path, "is not mode 0700");
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::unique_ptr<InstanceDir>> InstanceDir::Open(const std::string& path) {
  bool made = ::mkdir(path.c_str(), 0700) == 0;
  if (!made && errno != EEXIST) return absl::ErrnoToStatus(errno, absl::StrCat("cannot make ", path));
  Result<UniqueFd> fd = reloc::Open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  // With O_DIRECTORY a symlink is reported as ENOTDIR.
  if (!fd.ok() && fd.error().value == ENOTDIR) return Refuse(path, "is not a directory");
  if (!fd.ok()) return absl::ErrnoToStatus(fd.error().value, absl::StrCat("cannot open ", path));
  RELOC_RETURN_IF_ERROR(CheckPrivate(path, fd->get()));
  auto dir = absl::WrapUnique(new InstanceDir(path, *std::move(fd)));
  RELOC_RETURN_IF_ERROR(dir->Lock());
  return dir;
}

absl::Status InstanceDir::Lock() {
  Result<UniqueFd> lock = OpenAt(fd(), kLockFile, O_RDWR | O_CREAT | O_NOFOLLOW, 0600);
  if (!lock.ok()) {
    return absl::ErrnoToStatus(lock.error().value, absl::StrCat("cannot open ", path_, "/", kLockFile));
  }
  if (::flock(lock->get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return absl::ErrnoToStatus(errno, absl::StrCat("cannot lock ", path_));
    return absl::AlreadyExistsError(absl::StrCat("already running in ", path_));
  }
  lock_ = *std::move(lock);
  return absl::OkStatus();
}

}  // namespace reloc
