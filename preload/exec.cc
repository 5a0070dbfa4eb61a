#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "preload/command.h"
#include "preload/execute.h"
#include "preload/next.h"
#include "preload/path_search.h"
#include "reloc/base/env.h"
#include "reloc/base/raw.h"

namespace reloc {
namespace {

constexpr char kShell[] = "/bin/sh";

// Does what execvp(3) does: a file that the kernel does not recognize is executed as a shell script.
int ExecuteOrInterpret(const char* path, char* const* argv, char* const* envp) {
  Execute(path, argv, envp);
  if (errno != ENOEXEC) return -1;
  size_t count = CountStrings(argv);
  char** script = static_cast<char**>(__builtin_alloca((count + 3) * sizeof(char*)));
  script[0] = const_cast<char*>(kShell);
  script[1] = const_cast<char*>(path);
  for (size_t i = 1; i <= count; ++i) script[i + 1] = argv[i];
  if (count == 0) script[2] = nullptr;
  return Execute(kShell, script, envp);
}

int ExecuteByName(const char* name, char* const* argv, char* const* envp) {
  PathSearch search(name);
  while (const char* path = search.Next()) {
    ExecuteOrInterpret(path, argv, envp);
    if (!search.GoesOnAfter(errno)) return -1;
  }
  errno = search.error();
  return -1;
}

// Returns the path of the file that is open as `fd`, for execution.
const char* DescriptorPath(int fd, TextBuffer* path) {
  *path << "/proc/self/fd/" << fd;
  ResolveByKernel(path);
  return path->c_str();
}

// Counts the arguments of execl(3) and its like, from the first, as an array. `next`: the one after the last.
size_t CountArguments(va_list list) {
  size_t count = 1;
  while (va_arg(list, char*) != nullptr) ++count;
  return count;
}

}  // namespace

int Execute(const char* path, char* const* argv, char* const* envp) {
  RELOC_NEXT(int, execve, (const char*, char* const*, char* const*));
  if (!Active() || path == nullptr) return next(path, argv, envp);
  Image image;
  if (int error = image.Inspect(path); error != 0) {
    errno = error;
    return -1;
  }
  char* memory = static_cast<char*>(__builtin_alloca(CommandSize(image, argv, envp)));
  Command command = Compose(image, argv, envp, memory);
  return next(command.path, command.argv, command.envp);
}

RELOC_INTERPOSE(int, execve, (const char* path, char* const* argv, char* const* envp)) {
  return Execute(path, argv, envp);
}

RELOC_INTERPOSE(int, execv, (const char* path, char* const* argv)) { return Execute(path, argv, environ); }

RELOC_INTERPOSE(int, execvp, (const char* name, char* const* argv)) {
  return ExecuteByName(name, argv, environ);
}

RELOC_INTERPOSE(int, execvpe, (const char* name, char* const* argv, char* const* envp)) {
  return ExecuteByName(name, argv, envp);
}

RELOC_INTERPOSE(int, fexecve, (int fd, char* const* argv, char* const* envp)) {
  RELOC_NEXT(int, fexecve, (int, char* const*, char* const*));
  if (!Active()) return next(fd, argv, envp);
  PathText path;
  if (fd >= 0) DescriptorPath(fd, &path);
  // A file without a name (memfd_create(2)) is no program of the pack.
  struct stat st;
  if (fd < 0 || raw::Call(SYS_newfstatat, AT_FDCWD, raw::Address(path.c_str()), raw::Address(&st), 0) != 0) {
    return next(fd, argv, envp);
  }
  return Execute(path.c_str(), argv, envp);
}

RELOC_INTERPOSE(int, execveat,
                (int directory, const char* path, char* const* argv, char* const* envp, int flags)) {
  RELOC_NEXT(int, execveat, (int, const char*, char* const*, char* const*, int));
  if (!Active() || path == nullptr || (flags & AT_SYMLINK_NOFOLLOW) != 0) {
    return next(directory, path, argv, envp, flags);
  }
  if (path[0] == '/' || (directory == AT_FDCWD && path[0] != '\0')) return Execute(path, argv, envp);
  if (path[0] == '\0' && (flags & AT_EMPTY_PATH) == 0) return next(directory, path, argv, envp, flags);
  PathText full;
  DescriptorPath(directory, &full);
  if (path[0] != '\0') full << '/' << path;
  return Execute(full.c_str(), argv, envp);
}

// execl(3), execlp(3), execle(3): the same with separate arguments.
#define RELOC_COLLECT(first, after)                                                 \
  va_list list;                                                                     \
  va_start(list, first);                                                            \
  size_t count = first == nullptr ? 0 : CountArguments(list);                       \
  va_end(list);                                                                     \
  char** argv = static_cast<char**>(__builtin_alloca((count + 1) * sizeof(char*))); \
  va_start(list, first);                                                            \
  argv[0] = const_cast<char*>(first);                                               \
  for (size_t i = 1; i <= count; ++i) argv[i] = va_arg(list, char*);                \
  after;                                                                            \
  va_end(list)

RELOC_INTERPOSE(int, execl, (const char* path, const char* first, ...)) {
  RELOC_COLLECT(first, );
  return Execute(path, argv, environ);
}

RELOC_INTERPOSE(int, execlp, (const char* name, const char* first, ...)) {
  RELOC_COLLECT(first, );
  return ExecuteByName(name, argv, environ);
}

RELOC_INTERPOSE(int, execle, (const char* path, const char* first, ...)) {
  RELOC_COLLECT(first, char* const* envp = va_arg(list, char* const*));
  return Execute(path, argv, envp);
}

}  // namespace reloc
