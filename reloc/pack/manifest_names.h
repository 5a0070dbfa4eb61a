// Names in manifests: of files, in a spelling that JSON can have, and of entries.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace reloc {

// Returns the file name `name` as manifests have it: '%' and all bytes that are not valid UTF-8 are %XX.
std::string EscapeName(std::string_view name);
// Returns the file name that EscapeName() made `text` of. InvalidArgument if it made no such text.
absl::StatusOr<std::string> UnescapeName(std::string_view text);

// Returns whether `text` is UTF-8 without control characters and without '%', which is the manifest's escape.
bool IsPlainText(std::string_view text);

// Returns whether `name` can be that of <pack>/bin/<name>: one component of plain text.
bool IsEntryName(std::string_view name);

}  // namespace reloc
