#include "preload/loader_file.h"

#include <sys/mman.h>
#include <sys/stat.h>

#include "reloc/base/loader_setting.h"
#include "reloc/base/raw.h"

namespace reloc {
namespace {

bool HasGconv(string_view directory) {
  for (string_view name : kGconvFiles) {
    PathText path;
    path << directory << name;
    if (raw::Call(SYS_faccessat, AT_FDCWD, raw::Address(path.c_str()), 0) == 0) return true;
  }
  return false;
}

}  // namespace

bool ReadLoaderFile(int fd, string_view directory, TextBuffer* options) {
  struct stat st;
  if (fd < 0 || raw::Call(SYS_newfstatat, fd, raw::Address(""), raw::Address(&st), AT_EMPTY_PATH) != 0)
    return false;
  long memory = raw::Call(SYS_mmap, 0, st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
  if (memory < 0 && memory > -4096) return false;
  string_view content(reinterpret_cast<const char*>(memory), static_cast<size_t>(st.st_size));
  bool glibc = DescribeLoader(content, options);
  raw::UnmapMemory(reinterpret_cast<void*>(memory), content.size());
  if (HasGconv(directory)) *options << kHasGconv;
  return glibc;
}

}  // namespace reloc
