// Maps store paths, as programs use them, to the pack.
#pragma once

#include <errno.h>

#include <type_traits>

#include "preload/setup.h"
#include "reloc/base/text.h"

namespace reloc {

// Whether a symlink at the end of a path is followed.
enum class Links { kFollow, kKeep };

// A path for libc.
class MappedPath {
 public:
  // Maps `path`: to <pack><path> if it is below the store prefix, /proc/self/exe to the program if that is
  // followed; otherwise returns `path` itself. The result is valid as long as both.
  const char* Map(const char* path, Links last = Links::kFollow);

  // Maps a path that was not found: follows it with each symlink in it mapped, too. nullptr if that leads to
  // the same place. `directory`: what a relative path starts from, or AT_FDCWD.
  const char* MapLinks(int directory, const char* path, Links last);

 private:
  PathText text_;
};

// Returns `path` as programs know it, without the pack: points into `path`.
const char* Unmapped(const char* path);

// Returns where the store prefix ends in `path`, allowing "//" and "/./"; 0 if the path is not below it.
size_t PrefixEnd(const char* path, string_view prefix);

// Returns true for /proc/self/exe and its other names.
bool IsOwnProgram(const char* path);

// Returns this process's program, without symlinks. False for programs of the host.
bool OwnProgram(TextBuffer* path);

// Replaces a path by the kernel's name for the file. Returns false if there is none.
bool ResolveByKernel(TextBuffer* path);

template <class R>
bool IsFailure(R result) {
  if constexpr (std::is_pointer_v<R>) {
    return result == nullptr;
  } else {
    return result == static_cast<R>(-1);
  }
}

// Returns true if Map() changes `path`.
bool IsMapped(const char* path, Links last);

// Returns true if a path that was not found may lead to a file once each symlink in it is mapped.
bool MayLeadElsewhere(int directory, const char* path, Links last);

// Calls `call` with `path` mapped, and once more if the path was not found because of symlinks in it. Other
// paths need no memory: small threads and signal handlers have little stack.
template <class Call>
__attribute__((noinline)) auto WithMappedPath(int directory, const char* path, Links last, Call call) {
  MappedPath mapped;
  auto result = call(mapped.Map(path, last));
  if (!IsFailure(result) || errno != ENOENT) return result;
  const char* elsewhere = mapped.MapLinks(directory, path, last);
  return elsewhere == nullptr ? result : call(elsewhere);
}

template <class Call>
__attribute__((noinline)) auto WithPathElsewhere(int directory, const char* path, Links last, Call call) {
  MappedPath mapped;
  const char* elsewhere = mapped.MapLinks(directory, path, last);
  return call(elsewhere == nullptr ? path : elsewhere);
}

template <class Call>
auto WithPath(int directory, const char* path, Links last, Call call) {
  if (IsMapped(path, last)) return WithMappedPath(directory, path, last, call);
  auto result = call(path);
  if (__builtin_expect(!IsFailure(result) || errno != ENOENT || !MayLeadElsewhere(directory, path, last), 1))
    return result;
  return WithPathElsewhere(directory, path, last, call);
}

}  // namespace reloc
