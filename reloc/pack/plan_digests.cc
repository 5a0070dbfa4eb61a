#include "reloc/pack/plan_digests.h"

#include <string.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "reloc/pack/shim.h"

namespace reloc {
namespace {

using Offsets = std::vector<size_t>;

constexpr size_t kPlanDigestOffset = 12;  // in an encoded plan: see plan.h

// Adds the offsets of the digest in the plans that begin at `start`, up to the first bytes that are no plan.
void AddPlans(std::string_view bytes, size_t start, Offsets* offsets) {
  size_t used = 0;
  const char* why = nullptr;
  Plan plan;
  for (std::string_view rest = bytes; Plan::Parse(rest, &plan, &used, &why); rest.remove_prefix(used)) {
    offsets->push_back(start + static_cast<size_t>(rest.data() - bytes.data()) + kPlanDigestOffset);
  }
}

// Returns the offsets of digests in `bytes`, in order and each once.
Offsets FindDigests(const std::string& bytes) {
  Offsets offsets;
  AddPlans(bytes, 0, &offsets);
  for (std::string_view plans : CarriedPlans(bytes)) {
    AddPlans(plans, static_cast<size_t>(plans.data() - bytes.data()), &offsets);
  }
  std::sort(offsets.begin(), offsets.end());
  offsets.erase(std::unique(offsets.begin(), offsets.end()), offsets.end());
  return offsets;
}

Sha256Digest Hash(const std::string& bytes) {
  Sha256 hash;
  hash.Update(bytes);
  return std::move(hash).Finish();
}

}  // namespace

void StampDigest(const PackDigest& digest, std::string* bytes) {
  for (size_t offset : FindDigests(*bytes)) memcpy(bytes->data() + offset, digest.data(), digest.size());
}

Sha256Digest HashWithoutDigest(std::string bytes) {
  StampDigest(PackDigest{}, &bytes);
  return Hash(bytes);
}

// The offsets are found with zeros in place of the digest, so the hash covers everything that determines
// them.
bool HoldsDigest(std::string bytes, const PackDigest& digest, std::string_view sha256) {
  std::string zeroed = bytes;
  StampDigest(PackDigest{}, &zeroed);
  const Sha256Digest hash = Hash(zeroed);
  if (!std::equal(hash.begin(), hash.end(), sha256.begin(), sha256.end(),
                  [](uint8_t a, char b) { return a == static_cast<uint8_t>(b); })) {
    return false;
  }
  StampDigest(digest, &zeroed);
  return zeroed == bytes;
}

}  // namespace reloc
