#include "reloc/mirror/directory_at.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <memory>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "reloc/base/file.h"
#include "reloc/hosted/files.h"
#include "reloc/hosted/status.h"

namespace reloc {
namespace {

struct CloseDirectory {
  void operator()(DIR* directory) const { ::closedir(directory); }
};

// Whether unlinkat() has removed it, or found that there is nothing.
bool Unlinked(int parent, const std::string& name, int flags) {
  return ::unlinkat(parent, name.c_str(), flags) == 0 || errno == ENOENT;
}

absl::StatusOr<UniqueFd> WalkDown(int parent, const std::string& path, const std::string& where) {
  UniqueFd fd;
  for (absl::string_view name : absl::StrSplit(path, '/')) {
    RELOC_ASSIGN_OR_RETURN(fd, OpenDirectoryAt(fd.valid() ? fd.get() : parent, std::string(name), where));
  }
  return fd;
}

}  // namespace

absl::StatusOr<UniqueFd> OpenDirectoryAt(int parent, const std::string& name, const std::string& where) {
  Result<UniqueFd> fd = OpenAt(parent, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  if (!fd.ok()) return SystemError(fd.error().value, absl::StrCat("cannot open ", where, "/", name));
  return *std::move(fd);
}

absl::StatusOr<UniqueFd> OpenBelow(int parent, const std::string& path, const std::string& where) {
  struct open_how how = {};
  how.flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS;
  UniqueFd fd(static_cast<int>(::syscall(SYS_openat2, parent, path.c_str(), &how, sizeof(how))));
  if (fd.valid()) return fd;
  // ENOSYS: Linux before 5.6. EPERM: a filter of system calls that does not know this one.
  if (errno == ENOSYS || errno == EPERM) return WalkDown(parent, path, where);
  return SystemError(errno, absl::StrCat("cannot open ", where, "/", path));
}

absl::StatusOr<std::vector<std::string>> NamesIn(int directory, const std::string& where) {
  // "." opens the directory anew: closedir() closes what it is given.
  RELOC_ASSIGN_OR_RETURN(UniqueFd fd, OpenDirectoryAt(directory, ".", where));
  std::unique_ptr<DIR, CloseDirectory> entries(::fdopendir(fd.get()));
  if (!entries) return SystemError(errno, absl::StrCat("cannot read ", where));
  fd.Release();
  std::vector<std::string> names;
  while (errno = 0, true) {
    const dirent* entry = ::readdir(entries.get());
    if (entry == nullptr) break;
    if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
      names.emplace_back(entry->d_name);
  }
  if (errno != 0) return SystemError(errno, absl::StrCat("cannot read ", where));
  return names;
}

absl::Status RemoveTreeAt(int parent, const std::string& name, const std::string& where) {
  if (Unlinked(parent, name, 0)) return absl::OkStatus();
  const std::string path = absl::StrCat(where, "/", name);
  if (errno != EISDIR && errno != EPERM) return SystemError(errno, absl::StrCat("cannot remove ", path));
  Result<UniqueFd> fd = OpenAt(parent, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  if (!fd.ok() && fd.error().value == ENOENT) return absl::OkStatus();
  if (!fd.ok()) return SystemError(fd.error().value, absl::StrCat("cannot remove ", path));
  RELOC_ASSIGN_OR_RETURN(std::vector<std::string> names, NamesIn(fd->get(), path));
  for (const std::string& below : names) RELOC_RETURN_IF_ERROR(RemoveTreeAt(fd->get(), below, path));
  if (Unlinked(parent, name, AT_REMOVEDIR)) return absl::OkStatus();
  return SystemError(errno, absl::StrCat("cannot remove ", path));
}

absl::StatusOr<std::string> ReadSymlinkAt(int parent, const std::string& path, const std::string& where) {
  PathText target;
  if (Errno error = ReadLink(parent, path.c_str(), &target); !error.ok()) {
    return SystemError(error.value, absl::StrCat("cannot read symlink ", where, "/", path));
  }
  return std::string(target.view());
}

}  // namespace reloc
