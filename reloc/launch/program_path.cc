#include "reloc/launch/program_path.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/auxv.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "reloc/base/env.h"
#include "reloc/base/file.h"

namespace reloc {
namespace {

// Returns true if this program may be running as the interpreter of the script `path`: the kernel also passes
// a script's path as an argument, unchanged.
bool MayBeScript(string_view path, char* const* argv) {
  for (size_t i = 0; argv[i] != nullptr; ++i) {
    if (i > 0 && path == argv[i]) return true;
  }
  return false;
}

// Returns the path that this program was executed by, if the kernel provided it in a usable form: absolute
// and without symlinks. This saves reading /proc/self/exe, which costs 0.03 of a native launch, because a
// process's first access to /proc/self makes the entries there.
//
// Files are opened only with O_PATH: on a network file system that sends the server no request, because the
// kernel has just looked the path up.
bool FindByExecPath(char* const* argv, TextBuffer* self) {
  // NOLINTNEXTLINE(performance-no-int-to-ptr): the kernel hands pointers over as numbers here
  const char* path = reinterpret_cast<const char*>(::getauxval(AT_EXECFN));
  if (path == nullptr || !IsCleanAbsolute(path) || MayBeScript(path, argv)) return false;
  // openat2(2) by number and with the kernel's own layout (linux/openat2.h), because musl does not have it.
  // Before Linux 5.6 it is ENOSYS.
  constexpr long kOpenat2 = 437;
  constexpr uint64_t kResolveNoSymlinks = 4;
  struct {
    uint64_t flags, mode, resolve;
  } how{O_PATH | O_CLOEXEC, 0, kResolveNoSymlinks};
  UniqueFd file(static_cast<int>(::syscall(kOpenat2, AT_FDCWD, path, &how, sizeof how)));
  if (!file.valid()) return false;
  *self << path;
  return !self->overflowed();
}

}  // namespace

Errno FindOwnPath(char* const* argv, TextBuffer* self) {
  if (FindByExecPath(argv, self)) return kOk;
  self->Clear();
  return ReadLink(AT_FDCWD, "/proc/self/exe", self);
}

Errno FindOwnPathWithoutProc(char* const* argv, TextBuffer* self) {
  // NOLINTNEXTLINE(performance-no-int-to-ptr): the kernel hands pointers over as numbers here
  const char* path = reinterpret_cast<const char*>(::getauxval(AT_EXECFN));
  char real[PATH_MAX];
  if (path == nullptr || MayBeScript(path, argv)) return Errno{ENOENT};
  if (::realpath(path, real) == nullptr) return Errno::Last();
  self->Clear();
  *self << real;
  return kOk;
}

string_view InstallationPrefix(string_view self) {
  string_view directory = DirName(self);
  const bool installed = BaseName(directory) == "relocd" && BaseName(DirName(directory)) == "libexec";
  if (installed) directory = DirName(directory);  // in a build tree it is just libexec
  const string_view prefix = DirName(directory);
  return prefix == "/" ? string_view() : prefix;
}

bool IsExecutable(const PathText& path) {
  return IsCleanAbsolute(path.view()) && ::access(path.c_str(), X_OK) == 0;
}

Errno FindProgram(string_view own, string_view name, const char* const* envp, PathText* path) {
  path->Clear();
  *path << own;
  if (IsExecutable(*path)) return kOk;
  string_view rest = EnvValue(envp, "PATH");
  while (!rest.empty()) {
    string_view directory = SplitFirst(rest, ':', &rest);
    path->Clear();
    *path << directory << '/' << name;
    if (IsExecutable(*path)) return kOk;
  }
  path->Clear();
  *path << "/usr/bin/" << name;
  return IsExecutable(*path) ? kOk : Errno::Last();
}

}  // namespace reloc
