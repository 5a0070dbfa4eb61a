// Packs as archives, by libarchive; as images, by mksquashfs, which is given such an archive.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "reloc/hosted/progress.h"

namespace reloc {

enum class PackFormat { kDirectory, kTar, kTarGz, kTarZst, kSquashfs };

// Returns the format that the suffix of `output` asks for: .tar, .tar.gz, .tar.zst, .sqfs, else a directory.
// InvalidArgument for the suffix of another archive or image format.
absl::StatusOr<PackFormat> FormatOf(const std::string& output);

// Writes the pack at `pack` to the new file `archive`, its members without a leading directory, as `guix
// pack` does. Equal packs give equal bytes: members are sorted, owners are 0, the time of everything but the
// items' files is 1. Entries are hard links to .reloc/shim, whatever they are in `pack`. kSquashfs needs the
// host's mksquashfs; NotFound tells the cure.
absl::Status WriteArchive(const std::string& pack, PackFormat format, const std::string& archive,
                          const ProgressCallback& progress);

}  // namespace reloc
