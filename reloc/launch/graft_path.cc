#include "reloc/launch/graft_path.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "reloc/base/file.h"
#include "reloc/base/kernel_statx.h"
#include "reloc/base/path.h"

namespace reloc {
namespace {

constexpr mode_t kWritableByOthers = S_IWGRP | S_IWOTH;

const char* const kReplaceable = "the graft path lies where others could replace it:";

bool IsTrusted(uid_t owner) { return owner == ::geteuid() || owner == 0; }

// The target must be absolute, so that it means the same from everywhere.
bool LeadsTo(string_view target, string_view store) {
  return StartsWith(target, "/") && target.size() >= store.size() &&
         Suffix(target, target.size() - store.size()) == store;
}

// Returns true if only this user and root can change names in the directory: in a sticky directory only the
// owner of a name, of the directory, and root can rename or remove it. The user's own directory that is both
// sticky and open would do too; nobody has one.
bool HoldsNames(const struct stat& st) {
  if (!IsTrusted(st.st_uid)) return false;
  return (st.st_mode & kWritableByOthers) == 0 || (st.st_uid == 0 && (st.st_mode & S_ISVTX) != 0);
}

// Returns the mode bits that must not be set: the user's own directory is closed to others altogether, so
// that nobody else ever sees a name in it.
mode_t ForbiddenMode(uid_t owner) { return owner == ::geteuid() ? S_IRWXG | S_IRWXO : kWritableByOthers; }

}  // namespace

bool HoldsNames(const char* directory) {
  struct stat st;
  return ::stat(directory, &st) == 0 && HoldsNames(st);
}

// A mount is recognized by its device number. Another user's file system could report any owner and mode, or
// never answer: hence kStatxDontSync.
const char* GraftDirectoryFault(const char* directory) {
  PathText above;
  above << DirName(directory);
  struct stat parent;
  KernelStatx stx;
  if (::stat(above.c_str(), &parent) != 0 || !HoldsNames(parent)) return kReplaceable;
  const Errno e = Statx(AT_FDCWD, directory, AT_SYMLINK_NOFOLLOW | kStatxDontSync, kStatxBasicStats, &stx);
  if (e.value == ENOENT) return kGraftPathGone;
  if (!e.ok()) return "the directory of the graft path cannot be looked at:";
  if (makedev(stx.dev_major, stx.dev_minor) != parent.st_dev) {
    return "the directory of the graft path is a mount:";
  }
  if (!IsTrusted(stx.uid)) return "the graft path belongs to another user:";
  if (!S_ISDIR(stx.mode)) return "the graft path is in no directory:";
  return (stx.mode & ForbiddenMode(stx.uid)) != 0 ? kReplaceable : nullptr;
}

// The symlink itself need not be checked: nobody else can make a name in the directory.
const char* GraftPathFault(const char* path, string_view store) {
  PathText text;
  text << DirName(path);
  if (const char* fault = GraftDirectoryFault(text.c_str()); fault != nullptr) return fault;
  text.Clear();
  if (Errno e = ReadLink(AT_FDCWD, path, &text); !e.ok()) {
    return e.value == ENOENT ? kGraftPathGone : "the graft path is no symlink:";
  }
  if (!LeadsTo(text.view(), store)) return "the graft path leads elsewhere:";
  struct stat st;
  if (::stat(text.c_str(), &st) != 0) return "the graft path leads to nothing:";
  if (!S_ISDIR(st.st_mode)) return "the graft path leads to no directory:";
  if (!IsTrusted(st.st_uid) || (st.st_mode & kWritableByOthers) != 0)
    return "the graft path leads to what others can write:";
  return nullptr;
}

}  // namespace reloc
