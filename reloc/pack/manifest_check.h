// Checks a manifest before anything trusts it. It may come from anyone: a pack is data.
#pragma once

#include <stdint.h>

#include <string_view>

#include "absl/status/status.h"
#include "proto/manifest.pb.h"

namespace reloc {

// The version of packs' format that is written. Readers accept every minor version of the same major one.
inline constexpr uint32_t kFormatMajor = 1;
inline constexpr uint32_t kFormatMinor = 1;

// Messages call the file `name`. All errors are InvalidArgument, except Unimplemented for a newer major
// version.
absl::Status CheckFormat(const pb::Manifest& manifest, std::string_view name);
absl::Status CheckManifest(const pb::Manifest& manifest, std::string_view name);
// Checks that the contents are well-formed. ParseContents checks whether they belong to the manifest.
absl::Status CheckContents(const pb::Contents& contents, const pb::Manifest& manifest, std::string_view name);

// Returns true if the symlink at `link` (relative to a directory `depth` levels deep in the pack) leads above
// the pack when its target is read as text. Absolute targets do not: they mean the same path of the host
// under every engine, and nothing that works on packs follows them.
bool LeavesPack(size_t depth, std::string_view link, std::string_view target);

}  // namespace reloc
