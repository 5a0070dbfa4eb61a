#include "reloc/hosted/file_system.h"

#include <errno.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>

#include "reloc/hosted/files.h"

namespace reloc {
namespace {

// From statfs(2), linux/magic.h, and the sources of the file systems that are not in Linux.
std::string SharedName(uint32_t magic) {
  switch (magic) {
    case 0x6969:
      return "NFS";
    case 0xff534d42:
    case 0xfe534d42:
    case 0x517b:
      return "SMB";
    case 0x0bd00bd0:
      return "Lustre";
    case 0x47504653:
      return "GPFS";
    case 0x00c36400:
      return "Ceph";
    case 0x5346414f:
    case 0x6b414653:
      return "AFS";
    case 0x19830326:
      return "BeeGFS";
    case 0x01021997:
      return "9p";
    case 0x65735546:
      return "FUSE";
    default:
      return "";
  }
}

}  // namespace

absl::StatusOr<FileSystem> InspectFileSystem(const std::string& path) {
  struct statfs type;
  struct statvfs state;
  if (::statfs(path.c_str(), &type) != 0 || ::statvfs(path.c_str(), &state) != 0) {
    return SystemError(errno, path);
  }
  return FileSystem{.shared = SharedName(static_cast<uint32_t>(type.f_type)),
                    .noexec = (state.f_flag & ST_NOEXEC) != 0,
                    .read_only = (state.f_flag & ST_RDONLY) != 0,
                    .free_bytes = static_cast<uint64_t>(state.f_bavail) * state.f_frsize};
}

}  // namespace reloc
