// What the commands have in common: checked output to stdout, and errors of one line.
//
// One rule for exit statuses: 0 done; 1 negative result (no daemon, no such job, a pack that differs); 125
// relocctl itself failed: a wrong command line, a pack that cannot be made or read. `relocctl run` has the
// program's own, and 125, 126, 127 (reloc/launch/launcher.h) for failures before the program.
#pragma once

#include <CLI/App.hpp>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"

namespace reloc {

// Writes to stdout; errors are returned by FlushOut(), at the end.
void PrintOut(const std::string& text);
absl::Status FlushOut();

// Prints one line "relocctl: …" on stderr; returns kExitFailed: relocctl failed, and the result is unknown.
int ReportError(const absl::Status& status);
// Does the same for a mistake on the command line.
int ReportMistake(const std::string& mistake);

// Returns `status`, or what ReportError() returns if stdout could not be written (for example, a full disk).
int FinishOutput(int status);

// Returns the exit status of commands that ask the daemon: 0, or 1 after one line "relocctl: …" on stderr;
// kExitFailed for InvalidArgument, which is about the command line.
int ExitStatus(const absl::Status& status);

// Adds --format with one of `formats`, the first by default.
void AddFormatOption(CLI::App* command, std::string* format,
                     const std::vector<std::string>& formats = {"table", "json"});

// Runs a command's callback: work(&exit_status), which sets the status if only a part succeeded. If it fails
// as a whole, the status is that of ExitStatus().
int RunInParts(const std::function<absl::Status(int* exit_status)>& work);

}  // namespace reloc
