// Where mirrors are kept.
#pragma once

#include <string>

namespace reloc {

// `wanted`, or if that is empty $XDG_CACHE_HOME/relocd, else ~/.cache/relocd, else `daemon_dir`/cache.
// Nothing is made.
std::string MirrorDir(const std::string& wanted, const std::string& daemon_dir);

}  // namespace reloc
