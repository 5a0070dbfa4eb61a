#include "reloc/mirror/cache_dir.h"

#include <stdlib.h>

#include "absl/strings/str_cat.h"

namespace reloc {

std::string MirrorDir(const std::string& wanted, const std::string& daemon_dir) {
  if (!wanted.empty()) return wanted;
  // XDG base directory specification: relative paths in its variables are to be ignored.
  const char* cache = ::getenv("XDG_CACHE_HOME");
  if (cache != nullptr && cache[0] == '/') return absl::StrCat(cache, "/relocd");
  const char* home = ::getenv("HOME");
  if (home != nullptr && home[0] == '/') return absl::StrCat(home, "/.cache/relocd");
  return absl::StrCat(daemon_dir, "/cache");
}

}  // namespace reloc
