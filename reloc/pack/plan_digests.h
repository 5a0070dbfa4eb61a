// Writes and reads the pack's digest in plans: in files of plans, and in shims that carry plans. The manifest
// lists such a file by its content with zeros in place of the digest, which is computed from the manifest.
#pragma once

#include <string>
#include <string_view>

#include "reloc/hosted/hash.h"
#include "reloc/launch/plan.h"

namespace reloc {

// Writes `digest` into every plan of `*bytes`, a file of plans or a shim.
void StampDigest(const PackDigest& digest, std::string* bytes);

// Returns the hash of `bytes` with zeros in place of the digest of every plan.
Sha256Digest HashWithoutDigest(std::string bytes);

// Returns true if every plan in `bytes` has `digest`, and the rest has the hash `sha256`. Then `bytes` is the
// only file with that hash and digest.
bool HoldsDigest(std::string bytes, const PackDigest& digest, std::string_view sha256);

}  // namespace reloc
