// The file that the log is appended to.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "reloc/base/unique_fd.h"

namespace reloc {

// Opens `path`, which is made if it is not there. It must be a regular file of the user's or of root's, or
// where `configured` also such a FIFO, a device, or what a link in /dev leads to. Unauthenticated if it is
// another user's (PermissionDenied is the kernel's word, such as EROFS). Never waits for a FIFO's reader.
absl::StatusOr<UniqueFd> OpenLogFile(const std::string& path, bool configured);

// Writes `line` if the file takes it now. Returns how many bytes it took.
size_t AppendToLog(int fd, absl::string_view line);

}  // namespace reloc
