// Environment variables, read from an explicit `envp`: nothing here depends on a libc's `environ`.
#pragma once

#include <stddef.h>

#include "reloc/base/text.h"

namespace reloc {

// The value of `name` in `envp` (NULL-terminated), or nullptr. Points into `envp`.
const char* EnvLookup(const char* const* envp, string_view name);

// The value of `name`, or empty when unset.
string_view EnvValue(const char* const* envp, string_view name);

// How many strings a list as of execve(2) has: argv or envp. A null pointer is an empty list.
inline size_t CountStrings(const char* const* list) {
  size_t count = 0;
  while (list != nullptr && list[count] != nullptr) ++count;
  return count;
}

}  // namespace reloc
