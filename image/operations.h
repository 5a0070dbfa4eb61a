// Answers the kernel's requests for the files of an image.
#pragma once

#include <fuse3/fuse_lowlevel.h>

namespace reloc::image {

// The session's user data is the Squashfs.
const fuse_lowlevel_ops& Operations();

}  // namespace reloc::image
