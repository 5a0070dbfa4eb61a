// The functions that open, change or query a file by its path: each calls libc's with the path mapped.
//
// A name is listed because a program may use it: the functions of today's libc, their 64-bit variants, those
// that _FORTIFY_SOURCE substitutes, and those of programs that were linked to a glibc before 2.33 (__xstat).
// If a libc lacks one, no program calls it.
#include <dirent.h>
#include <fcntl.h>
#include <fts.h>
#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "preload/next.h"
#include "preload/paths.h"

struct statfs;
struct statvfs;
struct statx;
struct timespec;
struct timeval;
struct utimbuf;

namespace reloc {

// Defines a function with a parameter `path`, relative to the working directory.
#define RELOC_PATH(result, name, links, parameters, arguments) \
  RELOC_PATH_AT(result, name, AT_FDCWD, links, parameters, arguments)

// Defines a function with parameters `directory` and `path`. `links`: whether it follows a symlink at the
// path's end.
#define RELOC_PATH_AT(result, name, directory, links, parameters, arguments) \
  RELOC_INTERPOSE(result, name, parameters) {                                \
    RELOC_NEXT(result, name, parameters);                                    \
    return WithPath(directory, path, links, [&](const char* mapped) {        \
      path = mapped;                                                         \
      return next arguments;                                                 \
    });                                                                      \
  }

namespace {
constexpr Links kFollow = Links::kFollow;
constexpr Links kKeep = Links::kKeep;
constexpr Links Unless(bool keep) { return keep ? kKeep : kFollow; }
constexpr Links ByOpenFlags(int flags) { return Unless((flags & O_NOFOLLOW) != 0); }
constexpr Links ByWalkFlags(int flags) { return Unless((flags & FTW_PHYS) != 0); }
constexpr Links ByFlags(int flags) { return Unless((flags & AT_SYMLINK_NOFOLLOW) != 0); }
}  // namespace

// open(2). The mode is in a register that is not read without O_CREAT.
RELOC_PATH(int, open, ByOpenFlags(flags), (const char* path, int flags, mode_t mode), (path, flags, mode))
RELOC_PATH(int, open64, ByOpenFlags(flags), (const char* path, int flags, mode_t mode), (path, flags, mode))
RELOC_PATH(int, __open_2, ByOpenFlags(flags), (const char* path, int flags), (path, flags))
RELOC_PATH(int, __open64_2, ByOpenFlags(flags), (const char* path, int flags), (path, flags))
RELOC_PATH_AT(int, openat, directory, ByOpenFlags(flags),
              (int directory, const char* path, int flags, mode_t mode), (directory, path, flags, mode))
RELOC_PATH_AT(int, openat64, directory, ByOpenFlags(flags),
              (int directory, const char* path, int flags, mode_t mode), (directory, path, flags, mode))
RELOC_PATH_AT(int, __openat_2, directory, ByOpenFlags(flags), (int directory, const char* path, int flags),
              (directory, path, flags))
RELOC_PATH_AT(int, __openat64_2, directory, ByOpenFlags(flags), (int directory, const char* path, int flags),
              (directory, path, flags))
RELOC_PATH(int, creat, kFollow, (const char* path, mode_t mode), (path, mode))
RELOC_PATH(int, creat64, kFollow, (const char* path, mode_t mode), (path, mode))
RELOC_PATH(FILE*, fopen, kFollow, (const char* path, const char* mode), (path, mode))
RELOC_PATH(FILE*, fopen64, kFollow, (const char* path, const char* mode), (path, mode))
RELOC_PATH(FILE*, freopen, kFollow, (const char* path, const char* mode, FILE* stream), (path, mode, stream))
RELOC_PATH(FILE*, freopen64, kFollow, (const char* path, const char* mode, FILE* stream),
           (path, mode, stream))
RELOC_PATH(DIR*, opendir, kFollow, (const char* path), (path))

// stat(2)
RELOC_PATH(int, stat, kFollow, (const char* path, struct stat* out), (path, out))
RELOC_PATH(int, stat64, kFollow, (const char* path, struct stat64* out), (path, out))
RELOC_PATH(int, lstat, kKeep, (const char* path, struct stat* out), (path, out))
RELOC_PATH(int, lstat64, kKeep, (const char* path, struct stat64* out), (path, out))
RELOC_PATH_AT(int, fstatat, directory, ByFlags(flags),
              (int directory, const char* path, struct stat* out, int flags), (directory, path, out, flags))
RELOC_PATH_AT(int, fstatat64, directory, ByFlags(flags),
              (int directory, const char* path, struct stat64* out, int flags), (directory, path, out, flags))
RELOC_PATH_AT(int, statx, directory, ByFlags(flags),
              (int directory, const char* path, int flags, unsigned mask, struct statx* out),
              (directory, path, flags, mask, out))
RELOC_PATH(int, __xstat, kFollow, (int version, const char* path, struct stat* out), (version, path, out))
RELOC_PATH(int, __xstat64, kFollow, (int version, const char* path, struct stat64* out), (version, path, out))
RELOC_PATH(int, __lxstat, kKeep, (int version, const char* path, struct stat* out), (version, path, out))
RELOC_PATH(int, __lxstat64, kKeep, (int version, const char* path, struct stat64* out), (version, path, out))
RELOC_PATH_AT(int, __fxstatat, directory, ByFlags(flags),
              (int version, int directory, const char* path, struct stat* out, int flags),
              (version, directory, path, out, flags))
RELOC_PATH_AT(int, __fxstatat64, directory, ByFlags(flags),
              (int version, int directory, const char* path, struct stat64* out, int flags),
              (version, directory, path, out, flags))
RELOC_PATH(int, statfs, kFollow, (const char* path, struct statfs* out), (path, out))
RELOC_PATH(int, statfs64, kFollow, (const char* path, struct statfs* out), (path, out))
RELOC_PATH(int, statvfs, kFollow, (const char* path, struct statvfs* out), (path, out))
RELOC_PATH(int, statvfs64, kFollow, (const char* path, struct statvfs* out), (path, out))
RELOC_PATH(long, pathconf, kFollow, (const char* path, int name), (path, name))

// access(2)
RELOC_PATH(int, access, kFollow, (const char* path, int mode), (path, mode))
RELOC_PATH(int, euidaccess, kFollow, (const char* path, int mode), (path, mode))
RELOC_PATH(int, eaccess, kFollow, (const char* path, int mode), (path, mode))
RELOC_PATH_AT(int, faccessat, directory, ByFlags(flags),
              (int directory, const char* path, int mode, int flags), (directory, path, mode, flags))

// Directories, links and names
RELOC_PATH(int, chdir, kFollow, (const char* path), (path))
RELOC_PATH(int, mkdir, kKeep, (const char* path, mode_t mode), (path, mode))
RELOC_PATH_AT(int, mkdirat, directory, kKeep, (int directory, const char* path, mode_t mode),
              (directory, path, mode))
RELOC_PATH(int, rmdir, kKeep, (const char* path), (path))
RELOC_PATH(int, unlink, kKeep, (const char* path), (path))
RELOC_PATH_AT(int, unlinkat, directory, kKeep, (int directory, const char* path, int flags),
              (directory, path, flags))
RELOC_PATH(int, remove, kKeep, (const char* path), (path))
RELOC_PATH(int, symlink, kKeep, (const char* target, const char* path), (target, path))
RELOC_PATH_AT(int, symlinkat, directory, kKeep, (const char* target, int directory, const char* path),
              (target, directory, path))
RELOC_PATH(int, mkfifo, kKeep, (const char* path, mode_t mode), (path, mode))
RELOC_PATH_AT(int, mkfifoat, directory, kKeep, (int directory, const char* path, mode_t mode),
              (directory, path, mode))
RELOC_PATH(int, mknod, kKeep, (const char* path, mode_t mode, dev_t device), (path, mode, device))
RELOC_PATH_AT(int, mknodat, directory, kKeep, (int directory, const char* path, mode_t mode, dev_t device),
              (directory, path, mode, device))
RELOC_PATH(int, __xmknod, kKeep, (int version, const char* path, mode_t mode, dev_t* device),
           (version, path, mode, device))
RELOC_PATH_AT(int, __xmknodat, directory, kKeep,
              (int version, int directory, const char* path, mode_t mode, dev_t* device),
              (version, directory, path, mode, device))

// Attributes
RELOC_PATH(int, chmod, kFollow, (const char* path, mode_t mode), (path, mode))
RELOC_PATH(int, lchmod, kKeep, (const char* path, mode_t mode), (path, mode))
RELOC_PATH_AT(int, fchmodat, directory, ByFlags(flags),
              (int directory, const char* path, mode_t mode, int flags), (directory, path, mode, flags))
RELOC_PATH(int, chown, kFollow, (const char* path, uid_t user, gid_t group), (path, user, group))
RELOC_PATH(int, lchown, kKeep, (const char* path, uid_t user, gid_t group), (path, user, group))
RELOC_PATH_AT(int, fchownat, directory, ByFlags(flags),
              (int directory, const char* path, uid_t user, gid_t group, int flags),
              (directory, path, user, group, flags))
RELOC_PATH(int, truncate, kFollow, (const char* path, off_t size), (path, size))
RELOC_PATH(int, truncate64, kFollow, (const char* path, off64_t size), (path, size))
RELOC_PATH(int, utime, kFollow, (const char* path, const struct utimbuf* times), (path, times))
RELOC_PATH(int, utimes, kFollow, (const char* path, const struct timeval* times), (path, times))
RELOC_PATH(int, lutimes, kKeep, (const char* path, const struct timeval* times), (path, times))
RELOC_PATH_AT(int, futimesat, directory, kFollow,
              (int directory, const char* path, const struct timeval* times), (directory, path, times))
RELOC_PATH_AT(int, utimensat, directory, ByFlags(flags),
              (int directory, const char* path, const struct timespec* times, int flags),
              (directory, path, times, flags))
RELOC_PATH(ssize_t, getxattr, kFollow, (const char* path, const char* name, void* value, size_t size),
           (path, name, value, size))
RELOC_PATH(ssize_t, lgetxattr, kKeep, (const char* path, const char* name, void* value, size_t size),
           (path, name, value, size))
RELOC_PATH(int, setxattr, kFollow,
           (const char* path, const char* name, const void* value, size_t size, int flags),
           (path, name, value, size, flags))
RELOC_PATH(int, lsetxattr, kKeep,
           (const char* path, const char* name, const void* value, size_t size, int flags),
           (path, name, value, size, flags))
RELOC_PATH(ssize_t, listxattr, kFollow, (const char* path, char* list, size_t size), (path, list, size))
RELOC_PATH(ssize_t, llistxattr, kKeep, (const char* path, char* list, size_t size), (path, list, size))
RELOC_PATH(int, removexattr, kFollow, (const char* path, const char* name), (path, name))
RELOC_PATH(int, lremovexattr, kKeep, (const char* path, const char* name), (path, name))
RELOC_PATH(int, inotify_add_watch, kFollow, (int fd, const char* path, uint32_t mask), (fd, path, mask))

// libc reads directories and walks trees itself. The paths that nftw(3) and fts(3) report are in the pack.
using Filter = int (*)(const struct dirent*);
using Order = int (*)(const struct dirent**, const struct dirent**);
RELOC_PATH(int, scandir, kFollow, (const char* path, struct dirent*** list, Filter filter, Order order),
           (path, list, filter, order))
RELOC_PATH(int, scandir64, kFollow, (const char* path, struct dirent*** list, Filter filter, Order order),
           (path, list, filter, order))
RELOC_PATH_AT(int, scandirat, directory, kFollow,
              (int directory, const char* path, struct dirent*** list, Filter filter, Order order),
              (directory, path, list, filter, order))
RELOC_PATH_AT(int, scandirat64, directory, kFollow,
              (int directory, const char* path, struct dirent*** list, Filter filter, Order order),
              (directory, path, list, filter, order))
RELOC_PATH(int, ftw, kFollow, (const char* path, __ftw_func_t call, int fds), (path, call, fds))
RELOC_PATH(int, ftw64, kFollow, (const char* path, __ftw64_func_t call, int fds), (path, call, fds))
RELOC_PATH(int, nftw, ByWalkFlags(flags), (const char* path, __nftw_func_t call, int fds, int flags),
           (path, call, fds, flags))
RELOC_PATH(int, nftw64, ByWalkFlags(flags), (const char* path, __nftw64_func_t call, int fds, int flags),
           (path, call, fds, flags))

// fts(3) keeps copies of the paths.
using FtsOrder = int (*)(const FTSENT**, const FTSENT**);
template <class Function>
FTS* OpenFts(Function& next, char* const* paths, int options, FtsOrder order) {
  size_t count = 0;
  while (paths[count] != nullptr) ++count;
  char** mapped = static_cast<char**>(__builtin_alloca((count + 1) * sizeof(char*)));
  for (size_t i = 0; i < count; ++i) {
    MappedPath text;
    const char* path = text.Map(paths[i]);
    mapped[i] = static_cast<char*>(memcpy(__builtin_alloca(strlen(path) + 1), path, strlen(path) + 1));
  }
  mapped[count] = nullptr;
  return next(mapped, options, order);
}

RELOC_INTERPOSE(FTS*, fts_open, (char* const* paths, int options, FtsOrder order)) {
  RELOC_NEXT(FTS*, fts_open, (char* const*, int, FtsOrder));
  return OpenFts(next, paths, options, order);
}
RELOC_INTERPOSE(FTS*, fts64_open, (char* const* paths, int options, FtsOrder order)) {
  RELOC_NEXT(FTS*, fts64_open, (char* const*, int, FtsOrder));
  return OpenFts(next, paths, options, order);
}

// Defines a function with two paths.
#define RELOC_TWO_PATHS(name, from_directory, to_directory, links, parameters, arguments) \
  RELOC_INTERPOSE(int, name, parameters) {                                                \
    RELOC_NEXT(int, name, parameters);                                                    \
    const char* const old_to = to;                                                        \
    return WithPath(from_directory, from, links, [&](const char* mapped_from) {           \
      from = mapped_from;                                                                 \
      return WithPath(to_directory, old_to, kKeep, [&](const char* mapped_to) {           \
        to = mapped_to;                                                                   \
        return next arguments;                                                            \
      });                                                                                 \
    });                                                                                   \
  }

RELOC_TWO_PATHS(rename, AT_FDCWD, AT_FDCWD, kKeep, (const char* from, const char* to), (from, to))
RELOC_TWO_PATHS(renameat, d1, d2, kKeep, (int d1, const char* from, int d2, const char* to),
                (d1, from, d2, to))
RELOC_TWO_PATHS(renameat2, d1, d2, kKeep, (int d1, const char* from, int d2, const char* to, unsigned flags),
                (d1, from, d2, to, flags))
RELOC_TWO_PATHS(link, AT_FDCWD, AT_FDCWD, kKeep, (const char* from, const char* to), (from, to))
RELOC_TWO_PATHS(linkat, d1, d2, Unless((flags & AT_SYMLINK_FOLLOW) == 0),
                (int d1, const char* from, int d2, const char* to, int flags), (d1, from, d2, to, flags))

// mkstemp(3) and its like write into the template: the name that they chose is copied back.
#define RELOC_TEMPLATE(result, name, parameters, arguments) \
  RELOC_INTERPOSE(result, name, parameters) {               \
    RELOC_NEXT(result, name, parameters);                   \
    MappedPath mapped;                                      \
    char* const given = path;                               \
    path = const_cast<char*>(mapped.Map(path));             \
    result made = next arguments;                           \
    if (path != given) CopyName(path, given);               \
    return made;                                            \
  }

namespace {
// Copies the end of the text, which both have in common as far as the template goes.
void CopyName(const char* mapped, char* given) {
  const char* end = mapped;
  char* given_end = given;
  while (*end != '\0') ++end;
  while (*given_end != '\0') ++given_end;
  while (given_end > given && *--given_end != '/') *given_end = *--end;
}
}  // namespace

RELOC_TEMPLATE(int, mkstemp, (char* path), (path))
RELOC_TEMPLATE(int, mkstemp64, (char* path), (path))
RELOC_TEMPLATE(int, mkostemp, (char* path, int flags), (path, flags))
RELOC_TEMPLATE(int, mkostemp64, (char* path, int flags), (path, flags))
RELOC_TEMPLATE(int, mkstemps, (char* path, int suffix), (path, suffix))
RELOC_TEMPLATE(int, mkstemps64, (char* path, int suffix), (path, suffix))
RELOC_TEMPLATE(int, mkostemps, (char* path, int suffix, int flags), (path, suffix, flags))
RELOC_TEMPLATE(int, mkostemps64, (char* path, int suffix, int flags), (path, suffix, flags))

RELOC_INTERPOSE(char*, mkdtemp, (char* path)) {
  RELOC_NEXT(char*, mkdtemp, (char*));
  MappedPath mapped;
  char* made = next(const_cast<char*>(mapped.Map(path)));
  if (made == nullptr || made == path) return made;
  CopyName(made, path);
  return path;
}

}  // namespace reloc
