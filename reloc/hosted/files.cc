#include "reloc/hosted/files.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <filesystem>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "reloc/base/file.h"
#include "reloc/base/text.h"
#include "reloc/hosted/status.h"

namespace reloc {

absl::Status SystemError(int error, const std::string& doing) {
  return absl::Status(absl::ErrnoToStatusCode(error), absl::StrCat(doing, ": ", strerror(error)));
}

absl::StatusOr<UniqueFd> OpenFile(const std::string& path, int flags, mode_t mode) {
  Result<UniqueFd> fd = Open(path.c_str(), flags, mode);
  if (!fd.ok()) return SystemError(fd.error().value, absl::StrCat("cannot open ", path));
  return *std::move(fd);
}

absl::StatusOr<std::string> ReadWholeFile(const std::string& path, size_t limit) {
  // O_NONBLOCK: a FIFO in place of the file must not block us.
  RELOC_ASSIGN_OR_RETURN(UniqueFd fd, OpenFile(path, O_RDONLY | O_NONBLOCK));
  struct stat st;
  if (fstat(fd.get(), &st) != 0) return SystemError(errno, absl::StrCat("cannot stat ", path));
  if (!S_ISREG(st.st_mode)) return absl::InvalidArgumentError(absl::StrCat(path, " is not a regular file"));
  if (static_cast<uint64_t>(st.st_size) > limit) {
    return absl::InvalidArgumentError(absl::StrCat(path, " is too large: ", st.st_size, " bytes"));
  }
  std::string bytes(static_cast<size_t>(st.st_size), '\0');
  Result<size_t> got = ReadAll(fd.get(), bytes);
  if (!got.ok()) return SystemError(got.error().value, absl::StrCat("cannot read ", path));
  bytes.resize(*got);
  return bytes;
}

absl::Status WriteNewFile(const std::string& path, std::string_view bytes, mode_t mode) {
  RELOC_ASSIGN_OR_RETURN(UniqueFd fd, OpenFile(path, O_WRONLY | O_CREAT | O_EXCL, mode));
  if (Errno error = WriteAll(fd.get(), bytes); !error.ok()) {
    return SystemError(error.value, absl::StrCat("cannot write ", path));
  }
  return absl::OkStatus();
}

absl::Status MakeDirectories(const std::string& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (error) return SystemError(error.value(), absl::StrCat("cannot create ", path));
  return absl::OkStatus();
}

absl::Status RemoveTree(const std::string& path) {
  std::error_code error;
  std::filesystem::remove_all(path, error);
  if (error) return SystemError(error.value(), absl::StrCat("cannot remove ", path));
  return absl::OkStatus();
}

absl::StatusOr<std::string> ReadSymlink(const std::string& path) {
  PathText target;
  if (Errno error = ReadLink(AT_FDCWD, path.c_str(), &target); !error.ok()) {
    return SystemError(error.value, absl::StrCat("cannot read symlink ", path));
  }
  return std::string(target.view());
}

absl::Status RenameNew(const std::string& from, const std::string& to) {
  if (renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0) return absl::OkStatus();
  int error = errno;
  // EINVAL: the file system (NFS, some FUSE) has no RENAME_NOREPLACE. Checking first leaves a short race, in
  // which rename(2) could replace an empty directory or a file that was created at that very moment.
  if (error == EINVAL) {
    struct stat st;
    if (lstat(to.c_str(), &st) == 0) {
      error = EEXIST;
    } else if (rename(from.c_str(), to.c_str()) == 0) {
      return absl::OkStatus();
    } else {
      error = errno;
    }
  }
  return SystemError(error, absl::StrCat("cannot rename ", from, " to ", to));
}

}  // namespace reloc
