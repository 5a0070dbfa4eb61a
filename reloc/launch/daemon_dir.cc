#include "reloc/launch/daemon_dir.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "reloc/base/env.h"
#include "reloc/base/file.h"

namespace reloc {
namespace {

// A stale XDG_RUNTIME_DIR (copied into a batch job, of another user after su) is common, hence the checks.
bool IsPrivateDirectory(const char* path) {
  struct stat st;
  return ::stat(path, &st) == 0 && S_ISDIR(st.st_mode) && st.st_uid == ::geteuid() &&
         (st.st_mode & 07777) == 0700;
}

}  // namespace

Errno DaemonDir(const char* const* envp, TextBuffer* path) {
  string_view chosen = EnvValue(envp, "RELOCD_DIR");
  const char* runtime = EnvLookup(envp, "XDG_RUNTIME_DIR");
  if (!chosen.empty()) {
    *path << chosen;
  } else if (runtime != nullptr && runtime[0] == '/' && IsPrivateDirectory(runtime)) {
    *path << runtime << "/relocd";
  } else {
    *path << "/tmp/relocd-" << static_cast<uint64_t>(::geteuid());
  }
  return path->overflowed() ? Errno{ENAMETOOLONG} : kOk;
}

Result<UniqueFd> OpenDaemonDir(const char* path) {
  Result<UniqueFd> fd = Open(path, O_PATH | O_DIRECTORY | O_NOFOLLOW);
  if (!fd.ok()) {
    // O_NOFOLLOW with O_DIRECTORY reports a symlink as ENOTDIR.
    bool planted = fd.error().value == ENOTDIR || fd.error().value == ELOOP || fd.error().value == EACCES;
    return planted ? Errno{EPERM} : fd.error();
  }
  struct stat st;
  if (::fstat(fd->get(), &st) != 0) return Errno::Last();
  bool trusted = st.st_uid == ::geteuid() || st.st_uid == 0;
  if (!trusted || (st.st_mode & (S_IWGRP | S_IWOTH)) != 0) return Errno{EPERM};
  return fd;
}

}  // namespace reloc
