// Reads and writes small files as a whole. Every descriptor made here is close-on-exec.
#pragma once

#include <stdint.h>
#include <sys/types.h>

#include <span>

#include "reloc/base/result.h"
#include "reloc/base/text.h"
#include "reloc/base/unique_fd.h"

namespace reloc {

// Identifies a file by (device, inode). An inode number is not reused while a mount, a descriptor or a
// working directory keeps the inode in use.
struct FileId {
  uint64_t device = 0;
  uint64_t inode = 0;
  bool operator==(const FileId&) const = default;
};

// Calls open(2) with O_CLOEXEC, and again after EINTR.
Result<UniqueFd> Open(const char* path, int flags, mode_t mode = 0);
Result<UniqueFd> OpenAt(int directory, const char* path, int flags, mode_t mode = 0);

// Returns true if `path` leads to a directory. Follows symlinks.
bool IsDirectory(const char* path);

// Identifies `path` relative to `directory` (AT_FDCWD: the working directory). Follows symlinks.
Result<FileId> IdentifyAt(int directory, const char* path);
// Identifies an open file.
Result<FileId> Identify(int fd);

// Reads from the current offset until end of file or until `memory` is full; returns the bytes read.
Result<size_t> ReadAll(int fd, std::span<char> memory);
// Reads the small file `path` into `*text`. EFBIG if it does not fit.
Errno ReadSmallFile(const char* path, TextBuffer* text);
// Writes all of `bytes`, with as many calls as needed.
Errno WriteAll(int fd, string_view bytes);

// Reads the target of a symlink into `*text`. ENAMETOOLONG if it does not fit.
Errno ReadLink(int directory, const char* path, TextBuffer* text);

// Opens "/" with O_PATH on each of descriptors 0, 1 and 2 that is closed. Otherwise the next file or socket
// that we open would become the program's standard output, and our messages would be written into it. Writing
// to an O_PATH descriptor fails with EBADF, as before. The descriptors are close-on-exec, so the program
// finds them closed again.
Errno ReserveStandardFds();

}  // namespace reloc
