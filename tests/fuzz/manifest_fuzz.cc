// Any bytes give a manifest, a list of contents, or one line of error. What is accepted has only clean paths.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "reloc/base/path.h"
#include "reloc/pack/manifest.h"

namespace {

void RequireOneLine(const absl::Status& status) {
  if (status.message().find('\n') != absl::string_view::npos) std::abort();
}

void RequireCleanPaths(const reloc::pb::Contents& contents) {
  for (const reloc::pb::File& file : contents.own_files()) {
    if (!reloc::IsCleanRelative(*reloc::UnescapeName(file.path()))) std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view json(reinterpret_cast<const char*>(data), size);
  RequireOneLine(reloc::ParseManifest(json, "manifest.json").status());

  reloc::pb::Manifest manifest;
  manifest.set_format_major(reloc::kFormatMajor);
  manifest.set_store_prefix("/gnu/store");
  manifest.set_digest(std::string(16, '\0'));
  absl::StatusOr<reloc::pb::Contents> contents = reloc::ParseContents(json, "contents.json", manifest);
  RequireOneLine(contents.status());
  if (contents.ok()) RequireCleanPaths(*contents);
  return 0;
}
