// relocd's log: one line an event, to stderr or a file. Only the daemon logs; the layers below return errors.
//
// A log that is full or blocked (a pipe that nobody reads, a full disk) must not hold up a launch, so a line
// that cannot be written at once is dropped. spdlog's asynchronous logger was no answer: its thread wakes up
// every ten seconds, and relocd at rest sleeps.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace reloc {

// `level`: debug, info, warning, error or off. `file`: appended to; empty: stderr.
absl::Status OpenLog(const std::string& level, const std::string& file);
// Goes on in a new `file`, after the old one was moved away (logrotate).
absl::Status ReopenLog(const std::string& file);

void LogDebug(absl::string_view line);
void LogInfo(absl::string_view line);
void LogWarning(absl::string_view line);
void LogError(absl::string_view line);
// So that a line that nobody wants need not be put together.
bool LogsDebug();

}  // namespace reloc
