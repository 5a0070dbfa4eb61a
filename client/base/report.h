// What the commands have in common: stdout that is checked, errors of one line.
//
// One rule for exit statuses: 0 it was done; 1 the answer is no (no daemon, no such job, a pack that
// differs); 125 relocctl itself failed: a command line that makes no sense, a pack that cannot be made or
// read. `relocctl run` has the program's own, and 125, 126, 127 (reloc/launch/launcher.h) for what is no
// program's.
#pragma once

#include <CLI/App.hpp>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"

namespace reloc {

// Writes to stdout; errors show in FlushOut(), at the end.
void PrintOut(const std::string& text);
absl::Status FlushOut();

// One line "relocctl: …" on stderr; returns kExitFailed: relocctl failed, not what it was asked about.
int ReportError(const absl::Status& status);
// The same about the command line.
int ReportMistake(const std::string& mistake);

// `status`, or if stdout could not be written (a full disk, say) what ReportError() returns.
int FinishOutput(int status);

// For the commands that ask the daemon: 0, or after one line "relocctl: …" on stderr 1; kExitFailed for
// InvalidArgument, which is about the command line.
int ExitStatus(const absl::Status& status);

// --format with one of `formats`, the first by default.
void AddFormatOption(CLI::App* command, std::string* format,
                     const std::vector<std::string>& formats = {"table", "json"});

// What a command's callback does: work(&exit_status), which sets the status where only a part could be done.
// One that fails as a whole has its own, as above.
int RunInParts(const std::function<absl::Status(int* exit_status)>& work);

}  // namespace reloc
