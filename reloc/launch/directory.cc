#include "reloc/launch/directory.h"

#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace reloc {
namespace {

// A record of getdents64(2).
struct KernelDirent {
  uint64_t inode;
  int64_t offset;
  uint16_t size;
  unsigned char type;
  char name[];
};

bool IsDotOrDotDot(const char* name) {
  return name[0] == '.' && (name[1] == '\0' || (name[1] == '.' && name[2] == '\0'));
}

}  // namespace

Errno DirectoryReader::Next(DirectoryEntry* entry, bool* more) {
  while (true) {
    if (at_ == size_) {
      at_ = 0;
      size_ = ::syscall(SYS_getdents64, fd_, memory_, sizeof memory_);
      if (size_ < 0) {
        size_ = 0;
        return Errno::Last();
      }
      *more = size_ > 0;
      if (!*more) return kOk;
    }
    const KernelDirent* record = reinterpret_cast<const KernelDirent*>(memory_ + at_);
    at_ += record->size;
    if (IsDotOrDotDot(record->name)) continue;
    *entry = {record->name, record->type};
    *more = true;
    return kOk;
  }
}

}  // namespace reloc
