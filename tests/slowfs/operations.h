// What FUSE asks for. See fuse_lowlevel.h.
#pragma once

struct fuse_lowlevel_ops;

namespace reloc::slowfs {

// For a session whose user data is a FileSystem.
const fuse_lowlevel_ops& Operations();

}  // namespace reloc::slowfs
