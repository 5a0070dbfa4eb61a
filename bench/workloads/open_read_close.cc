// Opens, reads a page of and closes one file again and again: what relocating by interposition or by ptrace
// costs a program that works with files. The file is this program's own, by the path that it knows: in a pack
// that is a store path.
//
// Usage: open_read_close COUNT
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

namespace {

bool OpenReadClose(const char* path) {
  char page[4096];
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  return fd >= 0 && read(fd, page, sizeof page) == static_cast<ssize_t>(sizeof page) && close(fd) == 0;
}

}  // namespace

int main(int argc, char** argv) {
  char path[PATH_MAX];
  ssize_t size = readlink("/proc/self/exe", path, sizeof path - 1);
  if (argc != 2 || size <= 0) return 2;
  path[size] = '\0';
  for (int left = atoi(argv[1]); left > 0; --left) {
    if (!OpenReadClose(path)) return perror(path), 1;
  }
  return 0;
}
