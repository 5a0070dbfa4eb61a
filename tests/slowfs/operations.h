// The operations of FUSE. See fuse_lowlevel.h.
#pragma once

struct fuse_lowlevel_ops;

namespace reloc::slowfs {

// For a session whose user data is a FileSystem. `writable`: also those that change files; the first call decides.
const fuse_lowlevel_ops& Operations(bool writable);

}  // namespace reloc::slowfs
