#include <errno.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#include "preload/command.h"
#include "preload/execute.h"
#include "preload/next.h"
#include "preload/path_search.h"
#include "preload/paths.h"
#include "reloc/base/raw.h"

namespace reloc {
namespace {

using Actions = posix_spawn_file_actions_t;
using Attributes = posix_spawnattr_t;

bool IsProgram(const char* path) {
  return WithPath(AT_FDCWD, path, Links::kFollow, [](const char* mapped) {
           struct stat st;
           long result = raw::Call(SYS_newfstatat, AT_FDCWD, raw::Address(mapped), raw::Address(&st), 0);
           if (result == 0 && S_ISREG(st.st_mode)) {
             result = raw::Call(SYS_faccessat, AT_FDCWD, raw::Address(mapped), X_OK);
           } else if (result == 0) {
             result = -EACCES;
           }
           errno = static_cast<int>(-result);
           return result == 0 ? 0 : -1;
         }) == 0;
}

}  // namespace

int Spawn(pid_t* pid, const char* path, const Actions* actions, const Attributes* attributes,
          char* const* argv, char* const* envp) {
  RELOC_NEXT(int, posix_spawn,
             (pid_t*, const char*, const Actions*, const Attributes*, char* const*, char* const*));
  if (!Active()) return next(pid, path, actions, attributes, argv, envp);
  Image image;
  if (int error = image.Inspect(path); error != 0) return error;
  char* memory = static_cast<char*>(__builtin_alloca(CommandSize(image, argv, envp)));
  Command command = Compose(image, argv, envp, memory);
  return next(pid, command.path, actions, attributes, command.argv, command.envp);
}

RELOC_INTERPOSE(int, posix_spawn,
                (pid_t * pid, const char* path, const Actions* actions, const Attributes* attributes,
                 char* const* argv, char* const* envp)) {
  return Spawn(pid, path, actions, attributes, argv, envp);
}

RELOC_INTERPOSE(int, posix_spawnp,
                (pid_t * pid, const char* name, const Actions* actions, const Attributes* attributes,
                 char* const* argv, char* const* envp)) {
  int saved = errno;
  PathSearch search(name);
  const char* path = search.Next();
  while (path != nullptr && !IsProgram(path)) path = search.GoesOnAfter(errno) ? search.Next() : nullptr;
  errno = saved;
  return path == nullptr ? search.error() : Spawn(pid, path, actions, attributes, argv, envp);
}

// libc itself opens the files for the child.
RELOC_INTERPOSE(int, posix_spawn_file_actions_addopen,
                (Actions * actions, int fd, const char* path, int flags, mode_t mode)) {
  RELOC_NEXT(int, posix_spawn_file_actions_addopen, (Actions*, int, const char*, int, mode_t));
  MappedPath mapped;
  return next(actions, fd, mapped.Map(path), flags, mode);
}

RELOC_INTERPOSE(int, posix_spawn_file_actions_addchdir_np, (Actions * actions, const char* path)) {
  RELOC_NEXT(int, posix_spawn_file_actions_addchdir_np, (Actions*, const char*));
  MappedPath mapped;
  return next(actions, mapped.Map(path));
}

}  // namespace reloc
