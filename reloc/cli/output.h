// The only way to standard output and standard error.
//
// Names, arguments and errors may contain anything (packs, other users' jobs, file systems). So everything is
// escaped here (reloc/base/one_line.h), whatever its source, and tests/rules/output.py finds prints that
// bypass this. Only a job's own output is printed unescaped, on purpose: `logs`, `attach`, `run`.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace reloc {

// Writes lines to stdout; errors are returned by Flush(), at the end. The parts of a line must be escaped
// before (OneLine, Table), because a newline is printed as a newline.
void Print(absl::string_view text);
absl::Status Flush();

// Prints one line "PROGRAM: MESSAGE" on stderr.
void PrintError(absl::string_view program, absl::string_view message);

// Clears a terminal to draw on it again: "\033[H\033[J" on stdout.
void ClearScreen();
// Replaces the line of a progress bar on stderr, without a newline.
void DrawLine(absl::string_view line);

}  // namespace reloc
