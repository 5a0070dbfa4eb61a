// Environment variables, read from an explicit `envp`: nothing here depends on a libc's `environ`.
#pragma once

#include "reloc/base/text.h"

namespace reloc {

// The value of `name` in `envp` (NULL-terminated), or nullptr. Points into `envp`.
const char* EnvLookup(const char* const* envp, string_view name);

// The value of `name`, or empty when unset.
string_view EnvValue(const char* const* envp, string_view name);

}  // namespace reloc
