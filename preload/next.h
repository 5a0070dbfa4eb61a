// Finds the definition of a function that the program would have without this module: that of
// dlsym(RTLD_NEXT).
//
// The module is linked to no library, so that it loads into every glibc, the pack's and the host's. ld.so
// binds only three names: _r_debug, environ and __errno_location, of which every glibc has one version. For
// others a reference without a version would bind to the *oldest* (realpath of glibc 2.2.5), and dlsym is in
// a library of its own before glibc 2.34: hence this search of the objects' symbol tables, once per function.
#pragma once

#include <errno.h>

#include <type_traits>

namespace reloc {

// Returns the address of the first definition of `name` in the objects after this module, in its default
// version if it has one; nullptr if there is none. Takes no lock and allocates nothing: may be called after
// vfork(2).
void* FindNext(const char* name);

template <class Function>
class Next;

template <class R, class... A>
class Next<R(A...)> {
 public:
  explicit constexpr Next(const char* name) : name_(name) {}

  // Calls it. ENOSYS if this libc has no such function.
  R operator()(A... arguments) {
    R (*function)(A...) = Find();
    if (function != nullptr) return function(arguments...);
    errno = ENOSYS;
    if constexpr (std::is_pointer_v<R>) {
      return nullptr;
    } else if constexpr (!std::is_void_v<R>) {
      return static_cast<R>(-1);
    }
  }

 private:
  // Threads that come here at the same time find, and store, the same.
  R (*Find())(A...) {
    void* function = __atomic_load_n(&function_, __ATOMIC_RELAXED);
    if (function == nullptr) {
      function = FindNext(name_);
      __atomic_store_n(&function_, function, __ATOMIC_RELAXED);
    }
    return reinterpret_cast<R (*)(A...)>(function);
  }

  const char* name_;
  void* function_ = nullptr;
};

}  // namespace reloc

// Begins the definition of a function that replaces libc's. Only the assembler sees the name, so the
// declarations in libc's headers (with inlines, attributes, redirections) do not matter.
#define RELOC_INTERPOSE(result, name, parameters)                                                  \
  extern "C" __attribute__((visibility("default"))) result Reloc_##name parameters __asm__(#name); \
  result Reloc_##name parameters

// Defines `next`, which calls libc's, in the body of an interposed function.
#define RELOC_NEXT(result, name, parameters) static constinit ::reloc::Next<result parameters> next(#name)
