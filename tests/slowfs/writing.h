// The operations that change files, for a writable file system.
#pragma once

#include <fuse_lowlevel.h>

namespace reloc::slowfs {

void AddWriting(fuse_lowlevel_ops* operations);

}  // namespace reloc::slowfs
