// Rejected: linking these programs statically, which keeps preload modules out, but also the names of users
// in LDAP or SSSD. Rejected: a module that ignores them, because it would need to know their names.
#include "reloc/engine/preloaded.h"

#include <link.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <string_view>

#include "reloc/base/env.h"
#include "reloc/base/loader_setting.h"
#include "reloc/base/path.h"

namespace reloc {
namespace {

// `names`: $LD_PRELOAD. A module that is listed there does not hide itself, and would be loaded again.
int IsHiddenModule(dl_phdr_info* info, size_t, void* names) {
  std::string_view path = info->dlpi_name;
  return BaseName(path) == BaseName(kPreloadModule) &&
         static_cast<std::string_view*>(names)->find(path) == std::string_view::npos;
}

}  // namespace

void ExecuteWithoutPreload(char** argv, char** envp) {
  std::string_view names = EnvValue(envp, "LD_PRELOAD");
  if (::dl_iterate_phdr(IsHiddenModule, &names) == 0) return;
  // By number: the module replaces libc's functions.
  ::syscall(SYS_execve, "/proc/self/exe", argv, envp);
}

}  // namespace reloc
