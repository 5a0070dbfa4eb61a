// SquashFS images, by mksquashfs of Debian's squashfs-tools.
#pragma once

#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"

namespace reloc {

// Makes the new image `image` of the tar archive that `write_tar` writes to the descriptor it is given. Equal
// archives give equal images: times, owners and the order are the archive's, and the image's own time is 1.
// Errors: those of `write_tar`; NotFound without mksquashfs, with the cure; what mksquashfs complains about.
// What lies at `image` after an error is of no use.
absl::Status MakeSquashfs(const std::string& image, absl::FunctionRef<absl::Status(int tar)> write_tar);

}  // namespace reloc
