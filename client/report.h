// What the commands have in common: stdout that is checked, errors of one line.
//
// One rule for exit statuses: 0 it was done, 1 it failed or the answer is no, 2 the command line makes no
// sense. `relocctl run` has the program's own, and 125, 126, 127 (reloc/launch/launcher.h) for what is no
// program's.
#pragma once

#include <CLI/App.hpp>
#include <string>

#include "absl/status/status.h"

namespace reloc {

// Writes to stdout; errors show in FlushOut(), at the end.
void PrintOut(const std::string& text);
absl::Status FlushOut();

inline constexpr int kExitError = 1;
inline constexpr int kExitUsage = 2;

// One line "relocctl: …" on stderr; returns kExitError.
int ReportError(const absl::Status& status);
// The same about the command line; returns kExitUsage.
int ReportMistake(const std::string& mistake);

// `status`, or if stdout could not be written (a full disk, say) what ReportError() returns.
int FinishOutput(int status);

// 0, or what ReportError() returns.
int ExitStatus(const absl::Status& status);

// --format table|json
void AddFormatOption(CLI::App* command, std::string* format);

}  // namespace reloc
