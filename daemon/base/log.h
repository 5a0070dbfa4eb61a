// relocd's log: one line an event, to stderr or a file. Only the daemon logs; the layers below return errors.
//
// A log that is full or blocked (a pipe that nobody reads, a full disk) must not hold up a launch, so a line
// that cannot be written at once is dropped. A file is written by a process of its own (log_writer.h), as its
// file system may stop answering. spdlog's asynchronous logger was no answer: its thread wakes up
// every ten seconds, and relocd at rest sleeps.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace reloc {

// `level`: debug, info, warning, error or off. `file`: appended to; empty: stderr. `configured`: see
// OpenLogFile().
absl::Status OpenLog(const std::string& level, const std::string& file, bool configured);
// Goes on in a new file of that name, after the old one was moved away (logrotate).
void ReopenLog();
// Waits a moment until all is written. What is logged from then on is lost.
void CloseLog();

void LogDebug(absl::string_view line);
void LogInfo(absl::string_view line);
void LogWarning(absl::string_view line);
void LogError(absl::string_view line);
// So that a line that nobody wants need not be put together.
bool LogsDebug();

}  // namespace reloc
