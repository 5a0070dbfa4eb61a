// The operations that change files, for a file system that may be written.
#pragma once

#include <fuse_lowlevel.h>

namespace reloc::slowfs {

void AddWriting(fuse_lowlevel_ops* operations);

}  // namespace reloc::slowfs
