// reloc-squashfs: reads one-file packs, confined (docs/adr/0030-confined-image-server.md).
//
//   reloc-squashfs -f IMAGE /dev/fd/N    serves its files: N is /dev/fuse, as it was mounted; ends with the mount
//   reloc-squashfs -l IMAGE              prints the names in its bin/, each followed by a NUL
//
// The server writes a byte to standard output when it has read the image's tables. Each error is one line.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <string>

#include "image/confine.h"
#include "image/operations.h"
#include "image/squashfs.h"

namespace reloc::image {
namespace {

constexpr size_t kMaxNames = 256 << 10;  // bytes
constexpr unsigned kListSeconds = 2;

bool Fail(const char* what) {
  fprintf(stderr, "%s\n", what);
  return false;
}

// Reads no byte of the image before the process is confined.
bool OpenConfined(int fd, Squashfs* image) {
  struct stat st;
  if (::fstat(fd, &st) != 0 || !Confine()) return Fail(strerror(errno));
  const char* flaw = image->Open(fd, static_cast<uint64_t>(st.st_size));
  return flaw == nullptr || Fail(flaw);
}

// One thread: the caches are made for one, and the kernel asks only once for each thing.
bool ServeSession(fuse_session* session, const char* mounted, int fd, Squashfs* image) {
  if (fuse_session_mount(session, mounted) != 0 || !OpenConfined(fd, image)) return false;
  (void)!::write(STDOUT_FILENO, "", 1);  // the process that waits for it may have ended
  return fuse_session_loop(session) == 0;
}

bool Serve(char* name, const char* mounted, int fd) {
  Squashfs image;
  char* texts[] = {name, nullptr};
  fuse_args arguments = FUSE_ARGS_INIT(1, texts);
  fuse_session* session = fuse_session_new(&arguments, &Operations(), sizeof(fuse_lowlevel_ops), &image);
  if (session == nullptr) return false;  // libfuse has reported why, here and below
  const bool served = ServeSession(session, mounted, fd, &image);
  fuse_session_destroy(session);
  return served;
}

bool PrintNames(const std::string& names) {
  for (size_t written = 0; written < names.size();) {
    const ssize_t size = ::write(STDOUT_FILENO, names.data() + written, names.size() - written);
    if (size <= 0) return Fail(strerror(errno));
    written += static_cast<size_t>(size);
  }
  return true;
}

bool List(int fd) {
  Squashfs image;
  LimitTime(kListSeconds);
  if (!OpenConfined(fd, &image)) return false;
  std::string names;
  uint64_t bin;
  int error = image.Find(kRoot, "bin", &bin);
  if (error == 0) {
    error = image.List(bin, 0, [&](const DirectoryEntry& entry) {
      names.append(entry.name).push_back('\0');
      return names.size() < kMaxNames;
    });
  }
  return error == 0 ? PrintNames(names) : Fail(strerror(error));
}

}  // namespace
}  // namespace reloc::image

int main(int argc, char** argv) {
  const bool serve = argc == 4 && strcmp(argv[1], "-f") == 0;
  if (!serve && (argc != 3 || strcmp(argv[1], "-l") != 0)) {
    fputs("usage: reloc-squashfs -f IMAGE /dev/fd/N | reloc-squashfs -l IMAGE\n", stderr);
    return 2;
  }
  // O_NONBLOCK: it may have become a FIFO.
  const int fd = ::open(argv[2], O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (fd < 0) {
    fprintf(stderr, "%s: %s\n", argv[2], strerror(errno));
    return 1;
  }
  return (serve ? reloc::image::Serve(argv[0], argv[3], fd) : reloc::image::List(fd)) ? 0 : 1;
}
