// Searches compressed files, with libarchive.
#pragma once

#include <string_view>

#include "reloc/graft/rewrite.h"

namespace reloc {

// Returns the format by its magic number, "a gzip file"; nullptr for what is not compressed as a whole.
const char* CompressedFormat(std::string_view bytes);

// Returns true if the rewriter's prefix is in the uncompressed content of `bytes`, in names of members, or in
// an uncompressed part that a checksum covers. Damaged data is searched as far as it can be read.
bool HoldsCompressed(const PrefixRewriter& rewriter, std::string_view bytes);

}  // namespace reloc
