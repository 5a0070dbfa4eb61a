// Names in a cache and in a mirror: see mirror.h for what they are.
#pragma once

#include <string>

namespace reloc {

inline constexpr char kMirrorsDir[] = "mirrors";
inline constexpr char kTmpDir[] = "tmp";

inline constexpr char kItemsPath[] = ".reloc/items";
// Short texts that are kept as the targets of symlinks: read and written in one step each, and never half.
inline constexpr char kOriginPath[] = ".reloc/origin";
inline constexpr char kModulesPath[] = ".reloc/modules";  // an earlier relocd looks for it
inline constexpr char kUnsyncedPath[] = ".reloc/unsynced";
inline constexpr char kDamagedPath[] = ".reloc/damaged";

// The id of this boot of the host; where /proc does not tell it, what no boot is called.
std::string BootId();

}  // namespace reloc
