#include "reloc/launch/cwd.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include <utility>

namespace reloc {

void SavedCwd::Save() {
  path_.Clear();
  // Reads directly into path_: a buffer on the stack would touch one more page. The raw system call's
  // "(unreachable)" answers do not begin with '/'; libc turns them into ENOENT.
  std::span<char> room = path_.room();
  if (::getcwd(room.data(), room.size()) != nullptr && room[0] == '/') {
    path_.Grow(strlen(room.data()));
  } else {
    path_.Clear();
  }
  Result<UniqueFd> fd = Open(".", O_PATH | O_DIRECTORY);
  if (fd.ok()) fd_ = std::move(*fd);
  if (Result<FileId> root = IdentifyAt(AT_FDCWD, "/"); root.ok()) root_ = *root;
}

// Returns true if `now` is the staged counterpart of `then`: a directory of the root that was staged since.
bool SavedCwd::IsStaged(const FileId& now, const FileId& then) const {
  Result<FileId> root = IdentifyAt(AT_FDCWD, "/");
  return root.ok() && *root != root_ && now.device == root->device && now.device != then.device;
}

Errno SavedCwd::Restore() const {
  if (!path_.empty() && ::chdir(path_.c_str()) == 0) {
    if (!fd_.valid()) return kOk;
    Result<FileId> now = IdentifyAt(AT_FDCWD, ".");
    Result<FileId> then = Identify(fd_.get());
    if (now.ok() && then.ok() && (*now == *then || IsStaged(*now, *then))) return kOk;
  }
  if (!fd_.valid()) return Errno{ENOENT};
  return ::fchdir(fd_.get()) == 0 ? kOk : Errno::Last();
}

}  // namespace reloc
