// The functions that return a path: if libc's result is in the pack, programs get its store path.
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "preload/next.h"
#include "preload/paths.h"
#include "reloc/base/raw.h"

namespace reloc {
namespace {

// Works in place: the shorter text is at the end of the longer one.
char* UnmapInPlace(char* path) {
  if (path == nullptr) return nullptr;
  const char* unmapped = Unmapped(path);
  if (unmapped != path) memmove(path, unmapped, strlen(unmapped) + 1);
  return path;
}

// Returns a target as readlink(2) does.
ssize_t GiveTarget(string_view target, char* out, size_t size) {
  if (target.size() < size) size = target.size();
  if (size == 0) {
    errno = EINVAL;  // the kernel's error for a buffer without room
    return -1;
  }
  memcpy(out, target.data(), size);
  return static_cast<ssize_t>(size);
}

ssize_t ReadLinkOf(int directory, const char* path, char* out, size_t size) {
  RELOC_NEXT(ssize_t, readlinkat, (int, const char*, char*, size_t));
  return WithPath(directory, path, Links::kKeep,
                  [&](const char* mapped) { return next(directory, mapped, out, size); });
}

__attribute__((noinline)) ssize_t ReadOwnProgram(char* out, size_t size) {
  PathText own;
  return OwnProgram(&own) ? GiveTarget(Unmapped(own.c_str()), out, size) : -1;
}

// Reads a target in the pack, for which the caller's buffer may be too small.
__attribute__((noinline)) ssize_t ReadLinkIntoPack(int directory, const char* path, char* out, size_t size) {
  char memory[4096];
  ssize_t length = ReadLinkOf(directory, path, memory, sizeof memory - 1);
  if (length < 0) return length;
  memory[length] = '\0';
  return GiveTarget(Unmapped(memory), out, size);
}

// Does what readlink(2) does, for `path` mapped.
ssize_t ReadLink(int directory, const char* path, char* out, size_t size) {
  if (path != nullptr && Active() && IsOwnProgram(path)) {
    if (ssize_t length = ReadOwnProgram(out, size); length >= 0) return length;
  }
  ssize_t length = ReadLinkOf(directory, path, out, size);
  if (length <= 0 || !Active()) return length;
  string_view pack = Setting().pack;
  string_view target = Prefix(string_view(out, static_cast<size_t>(length)), pack.size());
  return StartsWith(pack, target) ? ReadLinkIntoPack(directory, path, out, size) : length;
}

char* RealPath(const char* path, char* out) {
  RELOC_NEXT(char*, realpath, (const char*, char*));
  return UnmapInPlace(
      WithPath(AT_FDCWD, path, Links::kFollow, [&](const char* mapped) { return next(mapped, out); }));
}

// Returns the working directory, whose path in the pack may be longer than the caller's buffer.
char* WorkingDirectory(char* out, size_t size) {
  RELOC_NEXT(char*, getcwd, (char*, size_t));
  if (char* path = next(out, size); path != nullptr || errno != ERANGE || out == nullptr)
    return UnmapInPlace(path);
  char memory[4096];
  const char* path = next(memory, sizeof memory) == nullptr ? nullptr : Unmapped(memory);
  if (path == nullptr || strlen(path) >= size) {
    errno = ERANGE;
    return nullptr;
  }
  memcpy(out, path, strlen(path) + 1);
  return out;
}

void Abort() {
  RELOC_NEXT(void*, abort, ());
  next();
}

}  // namespace

RELOC_INTERPOSE(ssize_t, readlink, (const char* path, char* out, size_t size)) {
  return ReadLink(AT_FDCWD, path, out, size);
}
RELOC_INTERPOSE(ssize_t, readlinkat, (int directory, const char* path, char* out, size_t size)) {
  return ReadLink(directory, path, out, size);
}
RELOC_INTERPOSE(ssize_t, __readlink_chk, (const char* path, char* out, size_t size, size_t room)) {
  if (size > room) Abort();
  return ReadLink(AT_FDCWD, path, out, size);
}
RELOC_INTERPOSE(ssize_t, __readlinkat_chk,
                (int directory, const char* path, char* out, size_t size, size_t room)) {
  if (size > room) Abort();
  return ReadLink(directory, path, out, size);
}

RELOC_INTERPOSE(char*, realpath, (const char* path, char* out)) { return RealPath(path, out); }
RELOC_INTERPOSE(char*, __realpath_chk, (const char* path, char* out, size_t room)) {
  if (room < 4096) Abort();
  return RealPath(path, out);
}
RELOC_INTERPOSE(char*, canonicalize_file_name, (const char* path)) { return RealPath(path, nullptr); }

RELOC_INTERPOSE(char*, getcwd, (char* out, size_t size)) { return WorkingDirectory(out, size); }
RELOC_INTERPOSE(char*, __getcwd_chk, (char* out, size_t size, size_t room)) {
  if (size > room) Abort();
  return WorkingDirectory(out, size);
}
RELOC_INTERPOSE(char*, getwd, (char* out)) { return WorkingDirectory(out, 4096); }
RELOC_INTERPOSE(char*, __getwd_chk, (char* out, size_t room)) {
  return WorkingDirectory(out, room < 4096 ? room : 4096);
}
RELOC_INTERPOSE(char*, get_current_dir_name, ()) {
  RELOC_NEXT(char*, get_current_dir_name, ());
  return UnmapInPlace(next());
}

// Maps a directory of translations. libc keeps its own copy, and returns it.
RELOC_INTERPOSE(char*, bindtextdomain, (const char* domain, const char* path)) {
  RELOC_NEXT(char*, bindtextdomain, (const char*, const char*));
  MappedPath mapped;
  char* kept = next(domain, mapped.Map(path));
  return kept == nullptr ? nullptr : const_cast<char*>(Unmapped(kept));
}

namespace {
using GlobError = int (*)(const char*, int);

// Earlier results (GLOB_APPEND) are unmapped already. The pack's own path is not a pattern: one that looks
// like a pattern is not mapped, and nothing is found.
template <class Function>
int Glob(Function& next, const char* pattern, int flags, GlobError on_error, glob_t* found) {
  MappedPath mapped;
  const char* path = mapped.Map(pattern);
  for (char c : path == pattern ? string_view() : Setting().pack) {
    if (strchr("*?[\\{~", c) != nullptr) path = pattern;
  }
  int result = next(path, flags, on_error, found);
  if (result != 0 || path == pattern) return result;
  size_t first = (flags & GLOB_DOOFFS) != 0 ? found->gl_offs : 0;
  for (size_t i = 0; i < found->gl_pathc; ++i) UnmapInPlace(found->gl_pathv[first + i]);
  return result;
}
}  // namespace

RELOC_INTERPOSE(int, glob, (const char* pattern, int flags, GlobError on_error, glob_t* found)) {
  RELOC_NEXT(int, glob, (const char*, int, GlobError, glob_t*));
  return Glob(next, pattern, flags, on_error, found);
}
RELOC_INTERPOSE(int, glob64, (const char* pattern, int flags, GlobError on_error, glob_t* found)) {
  RELOC_NEXT(int, glob64, (const char*, int, GlobError, glob_t*));
  return Glob(next, pattern, flags, on_error, found);
}

}  // namespace reloc
