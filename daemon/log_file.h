// The file that the log is appended to.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "reloc/base/unique_fd.h"

namespace reloc {

// Opens `path`, which is made if it is not there. It is the user's own regular file, or where `configured`
// also a device, a FIFO or what a link in /dev leads to. Never waits for a FIFO's reader.
absl::StatusOr<UniqueFd> OpenLogFile(const std::string& path, bool configured);

// Writes `line` if the file takes it now. A line that does not fit, or is cut short, is lost: there is
// nowhere to complain.
void AppendToLog(int fd, absl::string_view line);

}  // namespace reloc
