// Reads environment variables from an explicit `envp`: nothing here depends on a libc's `environ`.
#pragma once

#include <stddef.h>

#include "reloc/base/text.h"

namespace reloc {

// Returns the value of `name` in `envp` (NULL-terminated), or nullptr. It points into `envp`.
const char* EnvLookup(const char* const* envp, string_view name);

// Returns the value of `name`, or empty text if it is unset.
string_view EnvValue(const char* const* envp, string_view name);

// Counts the strings of a list as execve(2) takes it: argv or envp. A null pointer is an empty list.
inline size_t CountStrings(const char* const* list) {
  size_t count = 0;
  while (list != nullptr && list[count] != nullptr) ++count;
  return count;
}

}  // namespace reloc
