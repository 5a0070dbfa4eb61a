// Looking into compressed files, by libarchive.
#pragma once

#include <string_view>

#include "reloc/graft/rewrite.h"

namespace reloc {

// The format by its magic number, "a gzip file"; nullptr for what is not compressed as a whole.
const char* CompressedFormat(std::string_view bytes);

// True if the rewriter's prefix is in what `bytes` are when they are not compressed, in names of members, or
// in what is not compressed of them, where a checksum holds it. What is damaged is looked at as far as it
// goes.
bool HoldsCompressed(const PrefixRewriter& rewriter, std::string_view bytes);

}  // namespace reloc
