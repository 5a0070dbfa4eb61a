// Where a process stands: its namespaces and its root directory.
//
// A cached root shows what its maker saw. A process in another mount, user or PID namespace, or under another
// root directory (a Slurm job with a private /tmp, a container, a chroot) sees something else and must not
// join it: it would see files that are not its own, or miss its own.
#pragma once

#include <stdint.h>

#include "reloc/base/file.h"
#include "reloc/base/result.h"

namespace reloc {

struct CallerContext {
  uint64_t user_ns = 0;  // inode numbers on nsfs
  uint64_t mount_ns = 0;
  uint64_t pid_ns = 0;
  FileId root;              // of "/"
  uint64_t root_mount = 0;  // mount id of "/"; 0 where statx(2) does not tell (before Linux 5.8)
  uint64_t root_mtime = 0;  // ns; changes when an entry of "/" comes or goes

  bool operator==(const CallerContext&) const = default;
};

Result<CallerContext> ReadCallerContext();

// The same without the namespaces where the mount id of "/" is known, which tells the mount namespace
// already.
Result<CallerContext> ReadCallerRoot();

// What tells a job's processes apart from all others (ADR 0016). Inode numbers, as in /proc/PID/ns; 0: not
// known.
struct ProcessNamespaces {
  uint64_t mount = 0;
  uint64_t uts = 0;
  bool operator==(const ProcessNamespaces&) const = default;
};

// Of this process. `mount`: the inode number of its mount namespace where that is known already, else 0.
ProcessNamespaces ReadOwnNamespaces(uint64_t mount);

}  // namespace reloc
