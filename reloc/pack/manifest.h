// Reads and writes a pack's description of itself (proto/manifest.proto).
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "proto/manifest.pb.h"
#include "reloc/pack/digest.h"

namespace reloc {

inline constexpr char kManifestPath[] = ".reloc/manifest.json";
inline constexpr char kContentsPath[] = ".reloc/contents.json";

// Loads the manifest of the pack at `pack`: complete, consistent and of a known version. An error is one line
// that names the file and what is wrong with it; DataLoss: its digest does not match.
absl::StatusOr<pb::Manifest> LoadManifest(const std::string& pack);

// Loads the list of files that belongs to `manifest`; DataLoss: it does not. Slow: see proto/manifest.proto.
absl::StatusOr<pb::Contents> LoadContents(const std::string& pack, const pb::Manifest& manifest);

// Parse the same from text; messages call the file `name`.
absl::StatusOr<pb::Manifest> ParseManifest(std::string_view json, std::string_view name);
absl::StatusOr<pb::Contents> ParseContents(std::string_view json, std::string_view name,
                                           const pb::Manifest& manifest);

// Both, and the text of their files.
struct PackLists {
  pb::Manifest manifest;
  pb::Contents contents;
  std::string manifest_json{};
  std::string contents_json{};
};

absl::StatusOr<PackLists> LoadLists(const std::string& pack);

// Completes lists before they are written: the minor version, the hash of the contents, the digest, both
// texts.
absl::Status SealLists(PackLists* lists);

// Writes both texts as new files into the directory `pack`, where .reloc exists.
absl::Status SaveLists(const std::string& pack, const PackLists& lists);

}  // namespace reloc
