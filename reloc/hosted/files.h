// Works with whole files, with errors that name the path. See reloc/base/file.h for the calls below these.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "reloc/base/unique_fd.h"

namespace reloc {

// Returns the error "<doing>: <strerror(error)>".
absl::Status SystemError(int error, const std::string& doing);

// Calls open(2) with O_CLOEXEC added; the error names `path`.
absl::StatusOr<UniqueFd> OpenFile(const std::string& path, int flags, mode_t mode = 0);

// Returns the content of `path`; an error if it is larger than `limit` bytes, or not a regular file.
absl::StatusOr<std::string> ReadWholeFile(const std::string& path, size_t limit);

// Creates the file `path`; EEXIST if it exists. Create a file that matters in a directory that is renamed
// when it is complete.
absl::Status WriteNewFile(const std::string& path, std::string_view bytes, mode_t mode);

// Creates `path` and the directories missing above it.
absl::Status MakeDirectories(const std::string& path);

// Removes `path` and everything below it, never following a symlink. It is no error if nothing is there.
absl::Status RemoveTree(const std::string& path);

// Returns the target of the symlink `path`.
absl::StatusOr<std::string> ReadSymlink(const std::string& path);

// Renames like rename(2), but fails with EEXIST if `to` exists.
absl::Status RenameNew(const std::string& from, const std::string& to);

}  // namespace reloc
