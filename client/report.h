// What the commands have in common: stdout that is checked, errors of one line.
#pragma once

#include <CLI/App.hpp>
#include <string>

#include "absl/status/status.h"

namespace reloc {

// Writes to stdout; errors show in FlushOut(), at the end.
void PrintOut(const std::string& text);
absl::Status FlushOut();

// One line "relocctl: …" on stderr; returns kExitFailed: relocctl failed, not what it was asked about.
int ReportError(const absl::Status& status);

// `status`, or if stdout could not be written (a full disk, say) what ReportError() returns.
int FinishOutput(int status);

// For the commands that ask the daemon: 0, or 1 after one line "relocctl: …" on stderr.
int ExitStatus(const absl::Status& status);

// --format table|json
void AddFormatOption(CLI::App* command, std::string* format);

}  // namespace reloc
