#include "reloc/launch/daemon_dir.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <utility>

#include "reloc/base/env.h"
#include "reloc/base/file.h"
#include "reloc/base/mounts.h"
#include "reloc/base/path.h"

namespace reloc {
namespace {

// Returns true for directories that are certainly not on another user's file system.
bool IsFixed(string_view directory) {
  if (directory == "/tmp") return true;
  FixedText<64> runtime;
  runtime << "/run/user/" << static_cast<uint64_t>(::geteuid());
  return directory == runtime.view();
}

bool IsPrivate(mode_t mode, uid_t owner) {
  return S_ISDIR(mode) && owner == ::geteuid() && (mode & 07777) == 0700;
}

// Checks $XDG_RUNTIME_DIR: a stale one (copied into a batch job, or another user's after su) is common. The
// other user may have mounted something there.
bool IsPrivateDirectory(const char* path) {
  if (IsFixed(path)) {
    struct stat st;
    return ::stat(path, &st) == 0 && IsPrivate(st.st_mode, st.st_uid);
  }
  Result<UniqueFd> fd = Open(path, O_PATH | O_DIRECTORY);
  KernelStatx found;
  return fd.ok() && ReadKnownAttributes(fd->get(), &found).ok() && IsPrivate(found.mode, found.uid) &&
         !MayBeFuse(fd->get(), found);
}

Errno Refuse(DirReport* report, DirFault fault) {
  report->fault = fault;
  return Errno{EPERM};
}

bool IsOnFuse(int fd) {
  KernelStatx found;
  return !ReadKnownAttributes(fd, &found).ok() || MayBeFuse(fd, found);
}

// Opens the file at `path`, whatever it is, by its name in its parent.
Result<UniqueFd> OpenByParent(string_view path, DirReport* report) {
  PathText parent, name;
  name << BaseName(path);
  parent << (name.size() == path.size() ? string_view(".") : DirName(path));
  const bool is_fixed = IsFixed(parent.view());
  Result<UniqueFd> directory = Open(parent.c_str(), O_PATH | O_DIRECTORY);
  if (!directory.ok()) return directory;
  // This comes first, because looking up the entry would send a request to a FUSE file system.
  if (!is_fixed && IsOnFuse(directory->get())) return Refuse(report, DirFault::kFuse);
  return OpenUnmounted(directory->get(), name.c_str());
}

// Does the same, in one step if the path crosses no mount point. In /run everything is made by root,
// including mounts.
Result<UniqueFd> OpenPlace(string_view path, DirReport* report) {
  if (path == kSiteDaemonDir) return Open(kSiteDaemonDir, O_PATH | O_NOFOLLOW);
  while (path.size() > 1 && path[path.size() - 1] == '/') path = Prefix(path, path.size() - 1);
  if (StartsWith(path, "/") && !IsFixed(DirName(path))) {
    PathText whole;
    whole << path;
    Result<UniqueFd> fd = OpenInOneMount(AT_FDCWD, whole.c_str());
    if (fd.ok() || !(fd.error().value == EXDEV || IsUnknownCall(fd.error()))) return fd;
  }
  return OpenByParent(path, report);
}

// O_NOFOLLOW with O_DIRECTORY reports a symlink as ENOTDIR.
bool IsPlanted(Errno error) {
  return error.value == ENOTDIR || error.value == ELOOP || error.value == EACCES;
}

Errno Explain(Errno error, DirReport* report) {
  if (error.value == EXDEV) return Refuse(report, DirFault::kMount);
  if (error.value == ENOTSUP) return Refuse(report, DirFault::kFuse);
  if (report->fault == DirFault::kNone) report->fault = DirFault::kUnreachable;
  return IsPlanted(error) ? Errno{EPERM} : error;
}

DirFault FaultOf(const KernelStatx& found) {
  if (found.uid != ::geteuid() && found.uid != 0) return DirFault::kOwner;
  if (!S_ISDIR(found.mode)) return DirFault::kNotDirectory;
  return (found.mode & (S_IWGRP | S_IWOTH)) != 0 ? DirFault::kWritable : DirFault::kNone;
}

}  // namespace

void DefaultDaemonDir(TextBuffer* path) { *path << "/tmp/relocd-" << static_cast<uint64_t>(::geteuid()); }

Errno DaemonDir(const char* const* envp, TextBuffer* path) {
  string_view chosen = EnvValue(envp, "RELOCD_DIR");
  const char* runtime = EnvLookup(envp, "XDG_RUNTIME_DIR");
  if (!chosen.empty()) {
    *path << chosen;
  } else if (runtime != nullptr && runtime[0] == '/' && IsPrivateDirectory(runtime)) {
    *path << runtime << "/relocd";
  } else {
    DefaultDaemonDir(path);
  }
  return path->overflowed() ? Errno{ENAMETOOLONG} : kOk;
}

Result<DaemonDirectory> OpenDaemonDir(const char* path, DirReport* report) {
  DirReport ignored;
  if (report == nullptr) report = &ignored;
  *report = {};
  Result<UniqueFd> fd = OpenPlace(path, report);
  if (!fd.ok()) return Explain(fd.error(), report);
  KernelStatx found;
  if (Errno e = ReadKnownAttributes(fd->get(), &found); !e.ok()) return e;
  *report = {FaultOf(found), found.uid, found.mode};
  if (report->fault != DirFault::kNone) return Errno{EPERM};
  return DaemonDirectory{std::move(*fd), found.uid};
}

}  // namespace reloc
