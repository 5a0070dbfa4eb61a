#include "reloc/mirror/tmp_directory.h"

#include <errno.h>
#include <stdint.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "reloc/fault/fault.h"
#include "reloc/hosted/files.h"
#include "reloc/hosted/status.h"
#include "reloc/mirror/directory_at.h"
#include "reloc/mirror/layout.h"

namespace reloc {
namespace {

constexpr int kAttempts = 16;
constexpr size_t kDigits = 16;  // of TmpName's number

bool IsOurs(absl::string_view name) {
  return name.size() > kDigits && ParseMirrorName(name.substr(0, name.size() - kDigits - 1)).has_value();
}

bool Lock(int fd) { return ::flock(fd, LOCK_EX | LOCK_NB) == 0; }

// Whether `fd` is still what has the name: between making and locking it someone may have taken it for
// abandoned.
bool IsStillThere(int tmp, const std::string& name, int fd) {
  struct stat held, named;
  return ::fstat(fd, &held) == 0 && ::fstatat(tmp, name.c_str(), &named, AT_SYMLINK_NOFOLLOW) == 0 &&
         held.st_dev == named.st_dev && held.st_ino == named.st_ino;
}

}  // namespace

absl::StatusOr<std::string> TmpName(const MirrorId& id) {
  uint64_t number = 0;
  if (::getrandom(&number, sizeof(number), 0) != sizeof(number)) {
    return SystemError(errno, "cannot get a random number");
  }
  return absl::StrFormat("%s.%016x", MirrorName(id), number);
}

absl::StatusOr<TmpDirectory> TmpDirectory::Create(const MirrorCache& cache, const MirrorId& id) {
  const std::string where = absl::StrCat(cache.directory(), "/", kTmpDir);
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    RELOC_ASSIGN_OR_RETURN(std::string name, TmpName(id));
    if (fault::Fails(fault::Point::kMirrorCreate) || ::mkdirat(cache.tmp_fd(), name.c_str(), 0700) != 0) {
      return SystemError(errno, absl::StrCat("cannot create a directory in ", where));
    }
    absl::StatusOr<UniqueFd> fd = OpenDirectoryAt(cache.tmp_fd(), name, where);
    if (fd.ok() && Lock(fd->get()) && IsStillThere(cache.tmp_fd(), name, fd->get())) {
      return TmpDirectory(cache.tmp_fd(), where, std::move(name), *std::move(fd));
    }
    if (!fd.ok() && !absl::IsNotFound(fd.status())) return fd.status();
  }
  return absl::UnavailableError(absl::StrCat("cannot lock a directory in ", where));
}

TmpDirectory::TmpDirectory(int tmp, std::string where, std::string name, UniqueFd fd)
    : tmp_(tmp),
      where_(std::move(where)),
      name_(std::move(name)),
      path_(absl::StrCat(where_, "/", name_)),
      fd_(std::move(fd)) {}

TmpDirectory::~TmpDirectory() {
  if (fd_.valid()) RemoveTreeAt(tmp_, name_, where_).IgnoreError();
}

absl::Status RemoveAbandoned(const MirrorCache& cache) {
  const std::string where = absl::StrCat(cache.directory(), "/", kTmpDir);
  RELOC_ASSIGN_OR_RETURN(std::vector<std::string> names, NamesIn(cache.tmp_fd(), where));
  for (const std::string& name : names) {
    if (!IsOurs(name)) continue;  // nothing of ours is called so: the directory may be another than was meant
    absl::StatusOr<UniqueFd> fd = OpenDirectoryAt(cache.tmp_fd(), name, where);
    if (fd.ok() && Lock(fd->get())) RELOC_RETURN_IF_ERROR(RemoveTreeAt(cache.tmp_fd(), name, where));
  }
  return absl::OkStatus();
}

}  // namespace reloc
