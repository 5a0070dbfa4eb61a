// Files, small and whole. Every descriptor made here is close-on-exec.
#pragma once

#include <stdint.h>
#include <sys/types.h>

#include <span>

#include "reloc/base/result.h"
#include "reloc/base/text.h"
#include "reloc/base/unique_fd.h"

namespace reloc {

// What identifies a file while something holds it: (device, inode). An inode number is not used again as long
// as a mount, a descriptor or a working directory pins the inode.
struct FileId {
  uint64_t device = 0;
  uint64_t inode = 0;
  bool operator==(const FileId&) const = default;
};

// open(2) with O_CLOEXEC, retried on EINTR.
Result<UniqueFd> Open(const char* path, int flags, mode_t mode = 0);
Result<UniqueFd> OpenAt(int directory, const char* path, int flags, mode_t mode = 0);

// True if `path` leads to a directory (symlinks followed).
bool IsDirectory(const char* path);

// Identity of `path` (symlinks followed) relative to `directory` (AT_FDCWD: the working directory).
Result<FileId> IdentifyAt(int directory, const char* path);
// Identity of an open file.
Result<FileId> Identify(int fd);

// Reads from the current offset until end of file or until `memory` is full; returns the bytes read.
Result<size_t> ReadAll(int fd, std::span<char> memory);
// Reads the small file `path` into `*text`; EFBIG if it does not fit.
Errno ReadSmallFile(const char* path, TextBuffer* text);
// Writes everything, whatever the kernel accepts at a time.
Errno WriteAll(int fd, string_view bytes);

// readlink(2) into `*text`; ENAMETOOLONG if it does not fit.
Errno ReadLink(int directory, const char* path, TextBuffer* text);

// Occupies the closed ones of descriptors 0, 1 and 2 with close-on-exec O_PATH descriptors: else the next
// file or socket that we open would become the program's standard output, and a message of ours would be
// written into it. Writing to an O_PATH descriptor is EBADF, as it was; after exec they are closed, as they
// were.
Errno ReserveStandardFds();

}  // namespace reloc
