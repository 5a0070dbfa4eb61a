// Reads what must be known about a directory that another user may have mounted, before it is accessed.
//
// A FUSE file system answers as its server likes: it may report this user as a directory's owner, and report
// something different next time, or never answer. Nothing here sends it a request.
#pragma once

#include <errno.h>
#include <stddef.h>

#include "reloc/base/kernel_statx.h"
#include "reloc/base/result.h"
#include "reloc/base/text.h"
#include "reloc/base/unique_fd.h"

namespace reloc {

// Returns true for the errors of a system call that the kernel lacks, or that a filter refuses.
inline bool IsUnknownCall(Errno error) { return error.value == ENOSYS || error.value == EPERM; }

// Opens `path` (O_PATH, the last component not followed) without crossing a mount point; EXDEV if there is
// one on the way. IsUnknownCall() if the kernel has no openat2(2) (Linux 5.6). `directory` may be AT_FDCWD
// only with an absolute path.
Result<UniqueFd> OpenInOneMount(int directory, const char* path);

// Opens the entry `name` of the open directory `parent` in the same way, on every kernel. EXDEV if something
// is mounted there; ENOTSUP if that cannot be determined, because there is no /proc.
Result<UniqueFd> OpenUnmounted(int parent, const char* name);

// Reads the attributes that the kernel has cached.
Errno ReadKnownAttributes(int fd, KernelStatx* attributes);

// Writes the id of the mount that `fd` is on; O_PATH is enough. ENOTSUP if /proc does not report it.
Errno ReadMountId(int fd, TextBuffer* id);

// Finds one mount in the text of /proc/self/mountinfo, which is read in pieces:
//   ID PARENT MAJOR:MINOR ROOT PLACE OPTIONS [TAG]... - TYPE SOURCE OPTIONS
// A FUSE server chooses its source freely, except for spaces. Only the last options identify the user who
// mounted it.
class MountSearch {
 public:
  explicit MountSearch(string_view id) : id_(id) {}

  // Returns true once the mount's line has been read.
  bool Take(string_view text);
  // Valid after Take() returned true.
  bool is_fuse() const { return is_fuse_; }
  bool is_roots() const { return is_roots_; }

 private:
  enum class Place { kMount, kType, kSource, kOptions };
  bool EndWord(char separator);

  string_view id_;
  FixedText<64> word_;  // truncated if it is long
  size_t words_ = 0;    // of the current line
  Place place_ = Place::kMount;
  bool is_wanted_ = false;
  bool is_fuse_ = false;
  bool is_roots_ = false;
};

// Reads /proc/self/mountinfo up to the mount of `search`. ENOENT if it is not listed, because it was detached
// in the meantime.
Errno FindMount(MountSearch* search);

// Returns true if `fd`, with these attributes, is on a FUSE file system, or if that cannot be determined.
// FUSE file systems that only root can mount (fuseblk) do not count.
bool MayBeFuse(int fd, const KernelStatx& attributes);

}  // namespace reloc
