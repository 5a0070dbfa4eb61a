// Calls statx(2) by number and with the kernel's own layout (linux/stat.h): musl 1.2.3 does not have it, and
// glibc's header may be older than STATX_MNT_ID (Linux 5.8).
#pragma once

#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "reloc/base/result.h"

namespace reloc {

inline constexpr unsigned kStatxBasicStats = 0x7ff;
inline constexpr unsigned kStatxMountId = 0x1000;
inline constexpr int kAtEmptyPath = 0x1000;
// AT_STATX_DONT_SYNC: use what the kernel has cached. A FUSE or network file system then asks no server, and
// so cannot hang.
inline constexpr int kStatxDontSync = 0x4000;

struct KernelStatx {
  uint32_t mask, blksize;
  uint64_t attributes;
  uint32_t nlink, uid, gid;
  uint16_t mode, spare;
  uint64_t ino, size, blocks, attributes_mask;
  struct Timestamp {
    int64_t sec;
    uint32_t nsec;
    int32_t reserved;
  } atime, btime, ctime, mtime;
  uint32_t rdev_major, rdev_minor, dev_major, dev_minor;
  uint64_t mount_id;
  uint64_t spares[13];
};
static_assert(sizeof(KernelStatx) == 256);

inline Errno Statx(int directory, const char* path, int flags, unsigned wanted, KernelStatx* stx) {
  return ::syscall(SYS_statx, directory, path, flags, wanted, stx) == 0 ? kOk : Errno::Last();
}

}  // namespace reloc
