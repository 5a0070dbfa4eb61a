// Reads what a process sees the host through: its namespaces and its root directory.
//
// A cached root shows what its maker saw. A process in another mount, user or PID namespace, or under another
// root directory (a Slurm job with a private /tmp, a container, a chroot) sees something different and must
// not join it: it would see files that are not its own, or miss its own.
//
// SavedCwd keeps the caller's working directory across a change of mount namespace.
//
// setns(2) into a mount namespace moves the process to that namespace's root. The way back is by path:
// through a descriptor, getcwd(3) would return "(unreachable)/...", because the old namespace's mount is no
// longer ours. For a directory that was deleted the only way back is by descriptor, and there getcwd returns
// ENOENT as before.
//
// "/" and the levels above the store prefix are different directories in a staged root than on the host, and
// these are the right ones: there the path decides.
#pragma once

#include <stdint.h>

#include "reloc/base/file.h"
#include "reloc/base/result.h"
#include "reloc/base/text.h"
#include "reloc/base/unique_fd.h"

namespace reloc {

struct CallerContext {
  uint64_t user_ns = 0;  // inode numbers on nsfs
  uint64_t mount_ns = 0;
  uint64_t pid_ns = 0;
  FileId root;              // of "/"
  uint64_t root_mount = 0;  // mount id of "/"; 0 if statx(2) does not report it (before Linux 5.8)
  uint64_t root_mtime = 0;  // ns; changes when an entry of "/" is added or removed

  bool operator==(const CallerContext&) const = default;
};

Result<CallerContext> ReadCallerContext();

// Does the same without the namespaces if the mount id of "/" is known, which already identifies the mount
// namespace.
Result<CallerContext> ReadCallerRoot();

// Distinguishes a job's processes from all others (ADR 0016). Inode numbers, as in /proc/PID/ns; 0 if
// unknown.
struct ProcessNamespaces {
  uint64_t mount = 0;
  uint64_t uts = 0;
  bool operator==(const ProcessNamespaces&) const = default;
};

// Reads those of this process. `mount`: the inode number of its mount namespace if it is known already,
// otherwise 0.
ProcessNamespaces ReadOwnNamespaces(uint64_t mount);

class SavedCwd {
 public:
  // Never fails: Restore() leaves alone what cannot be determined here.
  void Save();
  Errno Restore() const;
  // Returns the directory's path; empty if it has none (deleted, unreachable).
  string_view path() const { return path_.view(); }

 private:
  bool IsStaged(const FileId& now, const FileId& then) const;

  PathText path_;
  UniqueFd fd_;
  FileId root_;  // of "/"
};

}  // namespace reloc
