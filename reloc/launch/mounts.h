// Mounts: what must be known of a directory that another user may have mounted, before it is asked anything.
//
// A FUSE file system answers as its server likes: it may say that a directory is this user's, and say
// something else next time, or never answer. Nothing here asks it anything.
#pragma once

#include <errno.h>

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

// True if what is open as `fd`, with these attributes, is on a FUSE file system, or if that cannot be known.
// One that only root can mount (fuseblk) does not count.
bool MayBeFuse(int fd, const KernelStatx& attributes);

}  // namespace reloc
