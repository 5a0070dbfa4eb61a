// Writes packs as archives, with libarchive; and as images, with mksquashfs, which reads such an archive.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "reloc/hosted/progress.h"

namespace reloc {

enum class PackFormat { kDirectory, kTar, kTarGz, kTarZst, kSquashfs };

// Returns the format that the suffix of `output` selects: .tar, .tar.gz, .tar.zst, .sqfs, otherwise a
// directory. InvalidArgument for the suffix of another archive or image format.
absl::StatusOr<PackFormat> FormatOf(const std::string& output);

// Writes the pack at `pack` to the new file `archive`, its members without a leading directory, as `guix
// pack` does. Equal packs give equal bytes: members are sorted, owners are 0, and the time of everything
// except the items' files is 1. Entries are hard links to .reloc/shim, whatever they are in `pack`. kSquashfs
// needs the host's mksquashfs; NotFound says how to install it.
absl::Status WriteArchive(const std::string& pack, PackFormat format, const std::string& archive,
                          const ProgressCallback& progress);

}  // namespace reloc
