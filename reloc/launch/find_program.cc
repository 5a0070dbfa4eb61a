#include "reloc/launch/find_program.h"

#include <unistd.h>

#include "reloc/base/env.h"

namespace reloc {

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
