// Copies store items into a pack.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "reloc/hosted/progress.h"
#include "reloc/pack/closure.h"

namespace reloc {

// Copies `items` of `from` into the directory `to`, which becomes the store of a pack. The copies differ in
// this:
//   - directories become writable by their owner, so that `rm -rf` works on a pack
//   - absolute symlinks into the store become relative, so that they work where the prefix does not resolve
//   - hard links become files, owner and extended attributes are not kept, setuid and setgid bits are dropped
// Times of files are kept: Python compares them with those in its .pyc files.
absl::Status CopyItems(const StoreLocation& from, const std::vector<ClosureItem>& items,
                       const std::string& to, const ProgressCallback& progress);

// Copies the content of the regular file `from` (symlinks followed) to the new file `to`.
absl::Status CopyFile(const std::string& from, const std::string& to, mode_t mode);

// Returns the target that the symlink at the store path `link` needs in place of `target`, to lead to the
// same file wherever the store is moved.
std::string RelativeTarget(std::string_view prefix, std::string_view link, std::string_view target);

}  // namespace reloc
