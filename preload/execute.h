// execve(2) and posix_spawn(3) for relocated programs.
#pragma once

#include <spawn.h>

namespace reloc {

// Does what execve(2) does. Needs no heap, and may be called after vfork(2).
int Execute(const char* path, char* const* argv, char* const* envp);

// Does what posix_spawn(3) does; returns 0 or an errno.
int Spawn(pid_t* pid, const char* path, const posix_spawn_file_actions_t* actions,
          const posix_spawnattr_t* attributes, char* const* argv, char* const* envp);

}  // namespace reloc
