#include "reloc/base/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace reloc {

Result<UniqueFd> OpenAt(int directory, const char* path, int flags, mode_t mode) {
  while (true) {
    int fd = ::openat(directory, path, flags | O_CLOEXEC, mode);
    if (fd >= 0) return UniqueFd(fd);
    if (errno != EINTR) return Errno::Last();
  }
}

Result<UniqueFd> Open(const char* path, int flags, mode_t mode) {
  return OpenAt(AT_FDCWD, path, flags, mode);
}

bool IsDirectory(const char* path) {
  struct stat st;
  return ::stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

Result<FileId> IdentifyAt(int directory, const char* path) {
  struct stat st;
  if (::fstatat(directory, path, &st, 0) != 0) return Errno::Last();
  return FileId{st.st_dev, st.st_ino};
}

Result<FileId> Identify(int fd) {
  struct stat st;
  if (::fstat(fd, &st) != 0) return Errno::Last();
  return FileId{st.st_dev, st.st_ino};
}

Result<size_t> ReadAll(int fd, std::span<char> memory) {
  size_t size = 0;
  while (size < memory.size()) {
    ssize_t n = ::read(fd, memory.data() + size, memory.size() - size);
    if (n == 0) break;
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return Errno::Last();
    size += static_cast<size_t>(n);
  }
  return size;
}

Errno ReadSmallFile(const char* path, TextBuffer* text) {
  Result<UniqueFd> fd = Open(path, O_RDONLY);
  if (!fd.ok()) return fd.error();
  char chunk[1024];
  while (true) {
    Result<size_t> n = ReadAll(fd->get(), chunk);
    if (!n.ok()) return n.error();
    if (*n == 0) return text->overflowed() ? Errno{EFBIG} : kOk;
    *text << string_view(chunk, *n);
  }
}

Errno WriteAll(int fd, string_view bytes) {
  while (!bytes.empty()) {
    ssize_t n = ::write(fd, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return Errno::Last();
    bytes = Suffix(bytes, static_cast<size_t>(n));
  }
  return kOk;
}

Errno ReadLink(int directory, const char* path, TextBuffer* text) {
  char target[4096];
  ssize_t n = ::readlinkat(directory, path, target, sizeof target);
  if (n < 0) return Errno::Last();
  *text << string_view(target, static_cast<size_t>(n));
  return text->overflowed() ? Errno{ENAMETOOLONG} : kOk;
}

Errno ReserveStandardFds() {
  for (int fd = 0; fd <= 2; ++fd) {
    if (::fcntl(fd, F_GETFD) != -1) continue;
    // open(2) returns the lowest free number, and all numbers below `fd` are in use by now.
    if (::open("/", O_PATH | O_CLOEXEC) != fd) return Errno::Last();
  }
  return kOk;
}

}  // namespace reloc
