// Makes SquashFS images, with mksquashfs from Debian's squashfs-tools.
#pragma once

#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"

namespace reloc {

// Makes the new image `image` from the tar archive that `write_tar` writes to its descriptor. Equal archives
// give equal images: times, owners and the order are the archive's, and the image's own time is 1. Errors:
// those of `write_tar`; NotFound without mksquashfs, with the fix; errors of mksquashfs. After an error a
// file at `image` is useless.
absl::Status MakeSquashfs(const std::string& image, absl::FunctionRef<absl::Status(int tar)> write_tar);

}  // namespace reloc
