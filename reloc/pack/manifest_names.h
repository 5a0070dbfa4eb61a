// Names in manifests: of files, in a spelling that JSON can represent, and of entries.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace reloc {

// Returns the file name `name` as it is in manifests: '%' and all bytes that are not valid UTF-8 are %XX.
std::string EscapeName(std::string_view name);
// Returns the file name that EscapeName() turned into `text`. InvalidArgument if there is none.
absl::StatusOr<std::string> UnescapeName(std::string_view text);

// Returns whether `text` is UTF-8 without control characters and without '%', the manifest's escape.
bool IsPlainText(std::string_view text);

// Returns whether `name` can be that of <pack>/bin/<name>: one component of plain text.
bool IsEntryName(std::string_view name);

}  // namespace reloc
