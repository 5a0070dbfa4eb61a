// The environment that the program gets, changed by steps of a plan just before exec.
//
// The caller's own strings are left as they are: each change makes a new array in the arena.
#pragma once

#include "reloc/launch/arena.h"
#include "reloc/launch/failure.h"

namespace reloc {

class Environment {
 public:
  // Both outlive this. `*envp` is replaced by each change.
  Environment(char* const** envp, Arena* arena) : envp_(envp), arena_(arena) {}

  // Each: false with `*failure` set, and nothing changed.
  bool Set(string_view name, string_view value, Failure* failure);

  // Puts `element` before the list that is there. EINVAL: the list would take `element` apart.
  bool Prepend(string_view name, string_view element, Failure* failure);

  // Puts `directory` before the elements that lie below `prefix`: lets a list that the caller gave in store
  // paths work where nothing maps the store prefix.
  bool Map(string_view name, string_view prefix, string_view directory, Failure* failure);

 private:
  bool Assign(string_view name, string_view first, string_view second, Failure* failure);

  char* const** envp_;
  Arena* arena_;
};

}  // namespace reloc
