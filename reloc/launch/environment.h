// Changes the environment that the program gets; steps of a plan do this just before exec.
//
// The caller's own strings are not modified: each change makes a new array in the arena.
#pragma once

#include "reloc/launch/arena.h"
#include "reloc/launch/failure.h"

namespace reloc {

class Environment {
 public:
  // Both must outlive this. `*envp` is replaced by each change.
  Environment(char* const** envp, Arena* arena) : envp_(envp), arena_(arena) {}

  // On failure each returns false, sets `*failure`, and changes nothing.
  bool Set(string_view name, string_view value, Failure* failure);

  // Puts `element` before the existing list. EINVAL: the list would split `element`.
  bool Prepend(string_view name, string_view element, Failure* failure);

  // Puts `directory` before the elements that are below `prefix`: a list that the caller gave in store paths
  // then works where nothing maps the store prefix.
  bool Map(string_view name, string_view prefix, string_view directory, Failure* failure);

 private:
  bool Assign(string_view name, string_view first, string_view second, Failure* failure);

  char* const** envp_;
  Arena* arena_;
};

}  // namespace reloc
