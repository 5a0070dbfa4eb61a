#include "daemon/instance_dir.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/memory/memory.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "reloc/base/file.h"
#include "reloc/fault/fault.h"
#include "reloc/hosted/status.h"
#include "reloc/job/daemon_place.h"

namespace reloc {
namespace {

constexpr const char* kLockFile = "lock";

constexpr absl::string_view kCure = "; remove it, or choose another directory with --dir";

absl::Status Refuse(const std::string& path, absl::string_view why) {
  return absl::FailedPreconditionError(absl::StrCat(path, " ", why, kCure));
}

// A directory of root's will do for clients, and one that others can enter: neither is ours to serve in.
absl::Status CheckPrivate(const std::string& path, const DirReport& report) {
  if (report.owner != ::geteuid()) return Refuse(path, absl::StrCat("belongs to uid ", report.owner));
  if ((report.mode & 07777) != 0700) return Refuse(path, "is not mode 0700");
  return absl::OkStatus();
}

absl::StatusOr<UniqueFd> OpenChecked(const std::string& path) {
  DirReport report;
  Result<DaemonDirectory> found = OpenDaemonDir(path.c_str(), &report);
  if (!found.ok() && report.fault == DirFault::kUnreachable)
    return absl::ErrnoToStatus(found.error().value, absl::StrCat("cannot open ", path));
  if (!found.ok()) return absl::FailedPreconditionError(absl::StrCat(DescribeFault(path, report), kCure));
  RELOC_RETURN_IF_ERROR(CheckPrivate(path, report));
  Result<UniqueFd> fd = fault::Fails(fault::Point::kDirectoryOpen)
                            ? Errno::Last()
                            : OpenAt(found->get(), ".", O_RDONLY | O_DIRECTORY);
  if (!fd.ok()) return absl::ErrnoToStatus(fd.error().value, absl::StrCat("cannot open ", path));
  return *std::move(fd);
}

// Makes or checks the directory, and opens it. Looks first: mkdir(2) would ask another user's file system.
absl::StatusOr<UniqueFd> OpenPrivate(const std::string& path) {
  Result<DaemonDirectory> found = OpenDaemonDir(path.c_str());
  const bool is_missing = !found.ok() && found.error().value == ENOENT;
  if (is_missing && ::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST)
    return absl::ErrnoToStatus(errno, absl::StrCat("cannot make ", path));
  RELOC_ASSIGN_OR_RETURN(UniqueFd fd, OpenChecked(path));
  // systemd-tmpfiles(8) removes nothing from a directory that someone has locked so. Where it cannot be had,
  // what was removed is made again.
  ::flock(fd.get(), LOCK_SH | LOCK_NB);
  return fd;
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
  // For relocctl, where we do not answer. Without it that cannot say who we are.
  const std::string pid = absl::StrCat(::getpid(), "\n");
  [[maybe_unused]] const bool noted =
      ::ftruncate(lock->get(), 0) == 0 && ::pwrite(lock->get(), pid.data(), pid.size(), 0) > 0;
  return *std::move(lock);
}

// Clients look elsewhere from now on, and so does the next daemon.
void RemoveContents(int dir) {
  std::error_code error;
  std::vector<std::filesystem::path> entries;
  for (auto entry = std::filesystem::directory_iterator(absl::StrCat("/proc/self/fd/", dir), error);
       !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
    entries.push_back(entry->path());
  }
  for (const std::filesystem::path& entry : entries) std::filesystem::remove_all(entry, error);
}

}  // namespace

InstanceDir::InstanceDir(std::string path, UniqueFd fd, UniqueFd lock)
    : path_(std::move(path)),
      is_second_(IsSecondDaemonPlace(path_)),
      fd_(std::move(fd)),
      lock_(std::move(lock)) {}

absl::StatusOr<std::unique_ptr<InstanceDir>> InstanceDir::Open(const std::string& path) {
  RELOC_ASSIGN_OR_RETURN(UniqueFd fd, OpenPrivate(path));
  RELOC_ASSIGN_OR_RETURN(UniqueFd lock, Lock(path, fd.get()));
  return absl::WrapUnique(new InstanceDir(path, std::move(fd), std::move(lock)));
}

bool InstanceDir::IsInPlace() const {
  Result<FileId> ours = Identify(fd());
  Result<DaemonDirectory> found = OpenDaemonDir(path_.c_str());
  Result<FileId> there = found.ok() ? Identify(found->get()) : Result<FileId>(found.error());
  return ours.ok() && there.ok() && *ours == *there;
}

absl::StatusOr<bool> InstanceDir::Mend(std::string place) {
  if (place == path_ && IsInPlace()) {
    Result<FileId> ours = Identify(lock_.get());
    Result<FileId> there = IdentifyAt(fd(), kLockFile);
    if (ours.ok() && there.ok() && *ours == *there) return false;
    RELOC_ASSIGN_OR_RETURN(lock_, Lock(path_, fd()));
    return false;
  }
  RELOC_ASSIGN_OR_RETURN(UniqueFd fresh, OpenPrivate(place));
  RELOC_ASSIGN_OR_RETURN(UniqueFd lock, Lock(place, fresh.get()));
  if (is_second_ && place != path_) RemoveContents(fd());
  // Over the old one: others hold its number.
  if (::dup3(fresh.get(), fd(), O_CLOEXEC) < 0)
    return absl::ErrnoToStatus(errno, "cannot take the directory");
  lock_ = std::move(lock);
  path_ = std::move(place);
  is_second_ = IsSecondDaemonPlace(path_);
  return true;
}

}  // namespace reloc
