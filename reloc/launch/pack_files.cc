#include "reloc/launch/pack_files.h"

#include <errno.h>
#include <fcntl.h>

#include "reloc/base/file.h"
#include "reloc/base/path.h"

namespace reloc {
bool HoldsPlans(string_view directory) {
  PathText path;
  path << directory << '/' << kPlansDir;
  return !path.overflowed() && IsDirectory(path.c_str());
}

bool FindPack(string_view program, string_view* pack_dir, string_view* entry) {
  for (string_view dir = DirName(program); dir.size() > 1; dir = DirName(dir)) {
    if (!HoldsPlans(dir)) continue;
    *pack_dir = dir;
    *entry = Suffix(program, dir.size() + 1);
    return true;
  }
  return false;
}

Result<size_t> ReadEntry(string_view program, std::span<char> memory, string_view* pack_dir,
                         string_view* entry) {
  *pack_dir = DirName(DirName(program));
  *entry = Suffix(program, pack_dir->size() + 1);
  Result<size_t> size = ReadPlans(*pack_dir, *entry, memory);
  if (size.ok() || size.error().value != ENOENT) return size;
  *pack_dir = string_view();
  return FindPack(program, pack_dir, entry) ? ReadPlans(*pack_dir, *entry, memory) : size;
}

Result<size_t> ReadPlans(string_view pack_dir, string_view entry, std::span<char> memory) {
  PathText path;
  path << pack_dir << '/' << kPlansDir << '/' << entry;
  if (path.overflowed()) return Errno{ENAMETOOLONG};
  Result<UniqueFd> fd = Open(path.c_str(), O_RDONLY);
  if (!fd.ok()) return fd.error();
  Result<size_t> size = ReadAll(fd->get(), memory);
  if (size.ok() && *size == memory.size()) return Errno{EFBIG};
  return size;
}

}  // namespace reloc
