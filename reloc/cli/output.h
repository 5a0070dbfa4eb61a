// The way out: what a program says on standard output and standard error.
//
// Names, arguments and errors come from anywhere (packs, other users' jobs, file systems). So all of it is
// escaped here (reloc/base/one_line.h), wherever it comes from, and tests/rules/output.py finds prints that
// go around. Raw on purpose is only what a job itself wrote: `logs`, `attach`, `run`.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace reloc {

// Writes lines to stdout; errors show in Flush(), at the end. What a line is made of has to be escaped
// before (OneLine, Table): here a newline is a newline.
void Print(absl::string_view text);
absl::Status Flush();

// One line "PROGRAM: MESSAGE" on stderr.
void PrintError(absl::string_view program, absl::string_view message);

// Clears a terminal to draw on it again: "\033[H\033[J" on stdout.
void ClearScreen();
// Replaces the line of a progress bar on stderr, without a newline.
void DrawLine(absl::string_view line);

}  // namespace reloc
