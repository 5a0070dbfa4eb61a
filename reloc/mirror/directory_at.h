// Directories by descriptor: what is done in them stays in them, whatever is renamed meanwhile. Paths, even
// checked ones, lead elsewhere once a directory above has been exchanged for a symlink (CVE-2025-46415 of Nix
// and Guix).
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "reloc/base/unique_fd.h"

namespace reloc {

// In all of these `where` is the path of `parent`, for messages.

// Opens the directory `name`, one component, in `parent`; not through a symlink.
absl::StatusOr<UniqueFd> OpenDirectoryAt(int parent, const std::string& name, const std::string& where);

// The same for a clean relative path of several components, none of them a symlink.
absl::StatusOr<UniqueFd> OpenBelow(int parent, const std::string& path, const std::string& where);

// All names in `directory` but "." and "..", in no order. Its offset does not matter, and moves.
absl::StatusOr<std::vector<std::string>> NamesIn(int directory, const std::string& where);

// Removes `name`, one component, and all below it. What is gone already is no error.
absl::Status RemoveTreeAt(int parent, const std::string& name, const std::string& where);

// The target of the symlink `path`; NotFound if there is none.
absl::StatusOr<std::string> ReadSymlinkAt(int parent, const std::string& path, const std::string& where);

}  // namespace reloc
