#include "reloc/launch/graft_path.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "reloc/base/file.h"
#include "reloc/base/path.h"

namespace reloc {
namespace {

constexpr mode_t kWritableByOthers = S_IWGRP | S_IWOTH;

bool IsTrusted(uid_t owner) { return owner == ::geteuid() || owner == 0; }

// Absolute, so that it means the same from everywhere.
bool LeadsTo(string_view target, string_view store) {
  return StartsWith(target, "/") && target.size() >= store.size() &&
         Suffix(target, target.size() - store.size()) == store;
}

}  // namespace

// In a sticky directory only the owner of a name, of the directory, and root can rename or remove it. A
// directory of the user's own that is both sticky and open would do too; nobody has one.
bool HoldsNames(const char* directory) {
  struct stat st;
  if (::stat(directory, &st) != 0 || !IsTrusted(st.st_uid)) return false;
  return (st.st_mode & kWritableByOthers) == 0 || (st.st_uid == 0 && (st.st_mode & S_ISVTX) != 0);
}

const char* GraftPathFault(const char* path, string_view store) {
  struct stat st;
  if (::lstat(path, &st) != 0) return "the graft path is gone:";
  if (!IsTrusted(st.st_uid)) return "the graft path belongs to another user:";
  if (!S_ISLNK(st.st_mode)) return "the graft path is no symlink:";
  PathText text;
  text << DirName(path);
  if (!HoldsNames(text.c_str())) return "the graft path lies where others could replace it:";
  text.Clear();
  if (!ReadLink(AT_FDCWD, path, &text).ok() || !LeadsTo(text.view(), store))
    return "the graft path leads elsewhere:";
  if (::stat(text.c_str(), &st) != 0) return "the graft path leads to nothing:";
  if (!S_ISDIR(st.st_mode)) return "the graft path leads to no directory:";
  if (!IsTrusted(st.st_uid) || (st.st_mode & kWritableByOthers) != 0)
    return "the graft path leads to what others can write:";
  return nullptr;
}

}  // namespace reloc
