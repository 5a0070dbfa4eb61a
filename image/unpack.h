// The compressions of SquashFS.
#pragma once

#include <stddef.h>

#include <span>

#include "image/superblock.h"

namespace reloc::image {

// Unpacks `packed` into `memory`. Returns the number of bytes; 0 if the data is damaged, or does not fit.
size_t Unpack(Compression compression, std::span<const char> packed, std::span<char> memory);

}  // namespace reloc::image
