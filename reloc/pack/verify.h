// Compares a pack with its manifest.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "proto/manifest.pb.h"
#include "reloc/hosted/progress.h"

namespace reloc {

struct Difference {
  std::string path;  // relative to the pack
  std::string what;  // "is missing", "content differs", …
};

// Returns all differences, sorted by path; none for an intact pack. A manifest.json or contents.json that was
// changed is the only one. An error means that the comparison could not be made: no pack, a malformed
// manifest, an unreadable file. Symlinks are never followed.
absl::StatusOr<std::vector<Difference>> VerifyPack(const std::string& pack, const ProgressCallback& progress);

// Does the same for the files alone, with lists that have been read.
absl::StatusOr<std::vector<Difference>> VerifyFiles(const std::string& pack, const pb::Manifest& manifest,
                                                    const pb::Contents& contents,
                                                    const ProgressCallback& progress);

}  // namespace reloc
