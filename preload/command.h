// argv and envp for an image: what the caller gave, and what the loader engine needs.
#pragma once

#include "preload/image.h"

namespace reloc {

struct Command {
  const char* path;
  char* const* argv;
  char* const* envp;
};

// How many bytes of memory Compose() needs.
size_t CommandSize(const Image& image, char* const* argv, char* const* envp);

// What to give to execve(2) for `image` instead of the caller's. The result points into `memory` (aligned for
// pointers, CommandSize() bytes), `image`, `argv` and `envp`.
Command Compose(const Image& image, char* const* argv, char* const* envp, char* memory);

}  // namespace reloc
