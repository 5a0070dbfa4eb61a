#include "reloc/base/env.h"

#include <string.h>

namespace reloc {

const char* EnvLookup(const char* const* envp, string_view name) {
  for (; envp != nullptr && *envp != nullptr; ++envp) {
    // strncmp stops at the entry's NUL, so an entry shorter than `name` is not read past its end.
    if (strncmp(*envp, name.data(), name.size()) == 0 && (*envp)[name.size()] == '=') {
      return *envp + name.size() + 1;
    }
  }
  return nullptr;
}

string_view EnvValue(const char* const* envp, string_view name) {
  const char* value = EnvLookup(envp, name);
  return value == nullptr ? string_view() : string_view(value);
}

}  // namespace reloc
