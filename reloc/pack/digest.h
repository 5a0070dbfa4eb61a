// Computes the 16 bytes that identify a pack: equal digests mean that launches can use the same files.
#pragma once

#include <string_view>

#include "absl/status/statusor.h"
#include "proto/manifest.pb.h"
#include "reloc/launch/plan.h"

namespace reloc {

// Returns the digest of a pack whose manifest.json has the text `json`: the first half of the SHA-256 of the
// same JSON in canonical form (RFC 8785, keys in the order of their bytes) without the members `digest` and
// `provenance`. So it covers fields that this version does not know, and, through contents_sha256, every
// file. InvalidArgument if `json` is not an object or contains a number that is not an integer.
absl::StatusOr<PackDigest> ManifestDigest(std::string_view json);

// Returns the digest of format 1.0: prefix, items with their files, and entries by name. It leaves out the
// modules, the library index, the shim and the plans.
PackDigest StoreDigest(const pb::Manifest& manifest, const pb::Contents& contents);

// Returns true if the manifest's digest is that of ManifestDigest, and false if it is that of StoreDigest.
bool CoversAll(const pb::Manifest& manifest);

// Returns the digest that is in a manifest.
PackDigest DigestOf(const pb::Manifest& manifest);

}  // namespace reloc
