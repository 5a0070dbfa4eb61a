// Composes argv and envp for an image: the caller's, plus what the loader engine needs.
#pragma once

#include "preload/image.h"

namespace reloc {

struct Command {
  const char* path;
  char* const* argv;
  char* const* envp;
};

// Returns how many bytes of memory Compose() needs.
size_t CommandSize(const Image& image, char* const* argv, char* const* envp);

// Returns what to pass to execve(2) for `image` instead of the caller's. The result points into `memory`
// (aligned for pointers, CommandSize() bytes), `image`, `argv` and `envp`.
Command Compose(const Image& image, char* const* argv, char* const* envp, char* memory);

}  // namespace reloc
