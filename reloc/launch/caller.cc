#include "reloc/launch/caller.h"

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace reloc {
namespace {

// statx(2) by number and with the kernel's own layout (linux/stat.h): musl 1.2.3 does not know it, and
// glibc's header may be older than STATX_MNT_ID (Linux 5.8).
constexpr unsigned kStatxBasicStats = 0x7ff;
constexpr unsigned kStatxMountId = 0x1000;
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

Errno ReadNamespace(const char* path, uint64_t* inode) {
  Result<FileId> id = IdentifyAt(AT_FDCWD, path);
  if (!id.ok()) return id.error();
  *inode = id->inode;
  return kOk;
}

Errno ReadRoot(CallerContext* context) {
  KernelStatx stx;
  if (::syscall(SYS_statx, AT_FDCWD, "/", 0, kStatxBasicStats | kStatxMountId, &stx) != 0)
    return Errno::Last();
  context->root = FileId{(uint64_t{stx.dev_major} << 32) | stx.dev_minor, stx.ino};
  context->root_mtime = static_cast<uint64_t>(stx.mtime.sec) * 1000000000 + stx.mtime.nsec;
  if ((stx.mask & kStatxMountId) != 0) context->root_mount = stx.mount_id;
  return kOk;
}

}  // namespace

Result<CallerContext> ReadCallerContext() {
  CallerContext context;
  if (Errno e = ReadNamespace("/proc/self/ns/user", &context.user_ns); !e.ok()) return e;
  if (Errno e = ReadNamespace("/proc/self/ns/mnt", &context.mount_ns); !e.ok()) return e;
  if (Errno e = ReadNamespace("/proc/self/ns/pid", &context.pid_ns); !e.ok()) return e;
  if (Errno e = ReadRoot(&context); !e.ok()) return e;
  return context;
}

Result<CallerContext> ReadCallerRoot() {
  CallerContext context;
  if (Errno e = ReadRoot(&context); !e.ok()) return e;
  return context.root_mount != 0 ? Result<CallerContext>(context) : ReadCallerContext();
}

ProcessNamespaces ReadOwnNamespaces() {
  ProcessNamespaces own;
  (void)ReadNamespace("/proc/self/ns/mnt", &own.mount);
  (void)ReadNamespace("/proc/self/ns/uts", &own.uts);
  return own;
}

}  // namespace reloc
