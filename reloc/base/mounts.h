// Mounts: what must be known of a directory that another user may have mounted, before it is asked anything.
//
// A FUSE file system answers as its server likes: it may say that a directory is this user's, and say
// something else next time, or never answer. Nothing here asks it anything.
#pragma once

#include <errno.h>
#include <stddef.h>

#include "reloc/base/kernel_statx.h"
#include "reloc/base/result.h"
#include "reloc/base/text.h"
#include "reloc/base/unique_fd.h"

namespace reloc {

// True for the errors of a system call that the kernel lacks, or that a filter refuses.
inline bool IsUnknownCall(Errno error) { return error.value == ENOSYS || error.value == EPERM; }

// Opens `path` (O_PATH, the last component not followed) if no mount has to be entered on the way; EXDEV if
// one has to. IsUnknownCall() if the kernel has no openat2(2) (Linux 5.6).
// `directory`: AT_FDCWD only with an absolute path.
Result<UniqueFd> OpenInOneMount(int directory, const char* path);

// Opens the entry `name` of the open directory `parent` in the same way, on every kernel. EXDEV if something
// is mounted there; ENOTSUP if that cannot be known, because there is no /proc.
Result<UniqueFd> OpenUnmounted(int parent, const char* name);

// Attributes as they are known already.
Errno ReadKnownAttributes(int fd, KernelStatx* attributes);

// Writes the number of the mount that `fd` (O_PATH will do) is on. ENOTSUP if /proc does not say it.
Errno ReadMountId(int fd, TextBuffer* id);

// Finds one mount in the text of /proc/self/mountinfo, which comes in pieces:
//   ID PARENT MAJOR:MINOR ROOT PLACE OPTIONS [TAG]... - TYPE SOURCE OPTIONS
// A FUSE server chooses its source freely, but for spaces: only the last options say who mounted it.
class MountSearch {
 public:
  explicit MountSearch(string_view id) : id_(id) {}

  // True when the mount's line has been read.
  bool Take(string_view text);
  // Afterwards:
  bool is_fuse() const { return is_fuse_; }
  bool is_roots() const { return is_roots_; }

 private:
  enum class Place { kMount, kType, kSource, kOptions };
  bool EndWord(char separator);

  string_view id_;
  FixedText<64> word_;  // cut off if it is long
  size_t words_ = 0;    // of this line
  Place place_ = Place::kMount;
  bool is_wanted_ = false;
  bool is_fuse_ = false;
  bool is_roots_ = false;
};

// Reads /proc/self/mountinfo up to the mount of `search`. ENOENT if that is not listed: it was detached
// meanwhile.
Errno FindMount(MountSearch* search);

// True if what is open as `fd`, with these attributes, is on a FUSE file system, or if that cannot be known.
// One that only root can mount (fuseblk) does not count.
bool MayBeFuse(int fd, const KernelStatx& attributes);

}  // namespace reloc
