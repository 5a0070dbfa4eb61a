// Any bytes give a manifest, a list of contents, or one line of error. What is accepted has only clean paths. In
// any bytes digests are found, and found again at the same place.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "reloc/base/path.h"
#include "reloc/pack/manifest.h"
#include "reloc/pack/manifest_check.h"
#include "reloc/pack/manifest_names.h"
#include "reloc/pack/plan_digests.h"

namespace {

void RequireOneLine(const absl::Status& status) {
  if (status.message().find('\n') != absl::string_view::npos) std::abort();
}

void RequireCleanPaths(const reloc::pb::Contents& contents) {
  for (const reloc::pb::File& file : contents.own_files()) {
    if (!reloc::IsCleanRelative(*reloc::UnescapeName(file.path()))) std::abort();
  }
}

void RequireStampable(std::string bytes) {
  const size_t size = bytes.size();
  const reloc::Sha256Digest hash = reloc::HashWithoutDigest(bytes);
  reloc::StampDigest(reloc::PackDigest{}, &bytes);
  // Not for files whose digests overlap other fields; no pack has one.
  const bool held = reloc::HashWithoutDigest(bytes) == hash;
  const std::string_view expected(reinterpret_cast<const char*>(hash.data()), hash.size());
  if (bytes.size() != size || held != reloc::HoldsDigest(bytes, reloc::PackDigest{}, expected)) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view json(reinterpret_cast<const char*>(data), size);
  RequireOneLine(reloc::ParseManifest(json, "manifest.json").status());
  RequireOneLine(reloc::ManifestDigest(json).status());
  RequireStampable(std::string(json));

  reloc::pb::Manifest manifest;
  manifest.set_format_major(reloc::kFormatMajor);
  manifest.set_store_prefix("/gnu/store");
  manifest.set_digest(std::string(16, '\0'));
  absl::StatusOr<reloc::pb::Contents> contents = reloc::ParseContents(json, "contents.json", manifest);
  RequireOneLine(contents.status());
  if (contents.ok()) RequireCleanPaths(*contents);
  return 0;
}
