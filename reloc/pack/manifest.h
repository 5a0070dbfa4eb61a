// Reading and writing what a pack says about itself (proto/manifest.proto).
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "proto/manifest.pb.h"
#include "reloc/launch/plan.h"

namespace reloc {

inline constexpr uint32_t kFormatMajor = 1;
inline constexpr uint32_t kFormatMinor = 0;
inline constexpr char kManifestPath[] = ".reloc/manifest.json";
inline constexpr char kContentsPath[] = ".reloc/contents.json";

// The manifest of the pack at `pack`: complete, consistent and of a known version. An error is one line that
// names the file and what is wrong with it.
absl::StatusOr<pb::Manifest> LoadManifest(const std::string& pack);

// The list of files that belongs to `manifest`, whose digest it must have. Slow: see proto/manifest.proto.
absl::StatusOr<pb::Contents> LoadContents(const std::string& pack, const pb::Manifest& manifest);

// The same for text; `name` is the file in messages.
absl::StatusOr<pb::Manifest> ParseManifest(std::string_view json, std::string_view name);
absl::StatusOr<pb::Contents> ParseContents(std::string_view json, std::string_view name,
                                           const pb::Manifest& manifest);

// Writes both as new files into the directory `pack`, where .reloc exists.
absl::Status SaveManifest(const std::string& pack, const pb::Manifest& manifest,
                          const pb::Contents& contents);

// The identity of a pack's content: prefix, items with their files, and entries.
PackDigest ComputeDigest(const pb::Manifest& manifest, const pb::Contents& contents);

// The digest that a loaded manifest states.
PackDigest DigestOf(const pb::Manifest& manifest);

// File names in the manifest: '%' and all bytes that are not valid UTF-8 are %XX.
std::string EscapeName(std::string_view name);
// InvalidArgument if `text` is not what EscapeName makes.
absl::StatusOr<std::string> UnescapeName(std::string_view text);

}  // namespace reloc
