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
#include "reloc/fault/fault.h"
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

// Makes or checks the directory, and opens it.
absl::StatusOr<UniqueFd> OpenPrivate(const std::string& path) {
  bool made = ::mkdir(path.c_str(), 0700) == 0;
  if (!made && errno != EEXIST) return absl::ErrnoToStatus(errno, absl::StrCat("cannot make ", path));
  Result<UniqueFd> fd = fault::Fails(fault::Point::kDirectoryOpen)
                            ? Errno::Last()
                            : Open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  // With O_DIRECTORY a symlink is reported as ENOTDIR.
  if (!fd.ok() && fd.error().value == ENOTDIR) return Refuse(path, "is not a directory");
  if (!fd.ok()) return absl::ErrnoToStatus(fd.error().value, absl::StrCat("cannot open ", path));
  RELOC_RETURN_IF_ERROR(CheckPrivate(path, fd->get()));
  // systemd-tmpfiles(8) removes nothing from a directory that someone has locked so. Where it cannot be had,
  // what was removed is made again.
  ::flock(fd->get(), LOCK_SH | LOCK_NB);
  return *std::move(fd);
}

absl::StatusOr<UniqueFd> Lock(const std::string& path, int dir) {
  Result<UniqueFd> lock = OpenAt(dir, kLockFile, O_RDWR | O_CREAT | O_NOFOLLOW, 0600);
  if (!lock.ok()) {
    return absl::ErrnoToStatus(lock.error().value, absl::StrCat("cannot open ", path, "/", kLockFile));
  }
  if (fault::Fails(fault::Point::kDirectoryLock) || ::flock(lock->get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return absl::ErrnoToStatus(errno, absl::StrCat("cannot lock ", path));
    return absl::AlreadyExistsError(absl::StrCat("already running in ", path));
  }
  return *std::move(lock);
}

}  // namespace

absl::StatusOr<std::unique_ptr<InstanceDir>> InstanceDir::Open(const std::string& path) {
  RELOC_ASSIGN_OR_RETURN(UniqueFd fd, OpenPrivate(path));
  RELOC_ASSIGN_OR_RETURN(UniqueFd lock, Lock(path, fd.get()));
  return absl::WrapUnique(new InstanceDir(path, std::move(fd), std::move(lock)));
}

bool InstanceDir::IsInPlace() const {
  Result<FileId> ours = Identify(fd());
  Result<FileId> there = IdentifyAt(AT_FDCWD, path_.c_str());
  return ours.ok() && there.ok() && *ours == *there;
}

absl::StatusOr<bool> InstanceDir::Mend() {
  if (IsInPlace()) {
    Result<FileId> ours = Identify(lock_.get());
    Result<FileId> there = IdentifyAt(fd(), kLockFile);
    if (ours.ok() && there.ok() && *ours == *there) return false;
    RELOC_ASSIGN_OR_RETURN(lock_, Lock(path_, fd()));
    return false;
  }
  RELOC_ASSIGN_OR_RETURN(UniqueFd fresh, OpenPrivate(path_));
  RELOC_ASSIGN_OR_RETURN(UniqueFd lock, Lock(path_, fresh.get()));
  // Over the old one: others hold its number.
  if (::dup3(fresh.get(), fd(), O_CLOEXEC) < 0)
    return absl::ErrnoToStatus(errno, "cannot take the directory");
  lock_ = std::move(lock);
  return true;
}

}  // namespace reloc
