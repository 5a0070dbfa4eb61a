// Writing <pack>/.reloc/libraries, which spares programs under the loader engine the search for libraries.
// Its format: reloc/base/library_index.h.
#pragma once

#include <string>
#include <vector>

#include "reloc/pack/libraries.h"

namespace reloc {

inline constexpr char kLibraryIndexPath[] = ".reloc/libraries";

// The index of `objects`, as FindLibraries gives them, in a store that programs see at `prefix`. The same
// objects give the same bytes.
std::string EncodeLibraryIndex(const std::string& prefix, const std::vector<ObjectLibraries>& objects);

}  // namespace reloc
