// Whole files, with errors that name the path. See reloc/base/file.h for the calls below these.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "reloc/base/unique_fd.h"

namespace reloc {

// The error "<doing>: <strerror(error)>".
absl::Status SystemError(int error, const std::string& doing);

// open(2), O_CLOEXEC added; the error names `path`.
absl::StatusOr<UniqueFd> OpenFile(const std::string& path, int flags, mode_t mode = 0);

// The content of `path`; an error if it is larger than `limit` bytes, or not a regular file.
absl::StatusOr<std::string> ReadWholeFile(const std::string& path, size_t limit);

// Makes the new file `path`; EEXIST if there is one. A file that matters is made in a directory that is
// renamed when complete, or see ReplaceFile.
absl::Status WriteNewFile(const std::string& path, std::string_view bytes, mode_t mode);

// mkdir(2) for `path` and what is missing above it.
absl::Status MakeDirectories(const std::string& path);

// Removes `path` and all below it, never following a symlink. Nothing there is no error.
absl::Status RemoveTree(const std::string& path);

// The target of the symlink `path`.
absl::StatusOr<std::string> ReadSymlink(const std::string& path);

// rename(2) that fails with EEXIST where `to` exists.
absl::Status RenameNew(const std::string& from, const std::string& to);

}  // namespace reloc
