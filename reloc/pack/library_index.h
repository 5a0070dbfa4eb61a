// Writes <pack>/.reloc/libraries, with which programs under the loader engine need not search for libraries.
// Its format: reloc/base/library_index.h.
#pragma once

#include <string>
#include <vector>

#include "reloc/pack/libraries.h"

namespace reloc {

inline constexpr char kLibraryIndexPath[] = ".reloc/libraries";

// Returns the index of `objects`, as returned by FindLibraries, in a store that programs see at `prefix`. The
// same objects give the same bytes.
std::string EncodeLibraryIndex(const std::string& prefix, const std::vector<ObjectLibraries>& objects);

}  // namespace reloc
