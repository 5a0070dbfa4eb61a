// What the commands that talk to the daemon have in common: stdout that is checked, errors of one line.
#pragma once

#include <CLI/App.hpp>
#include <string>

#include "absl/status/status.h"

namespace reloc {

// Writes to stdout; errors show in FlushOut(), at the end.
void PrintOut(const std::string& text);
absl::Status FlushOut();

// 0, or 1 after one line "relocctl: …" on stderr.
int ExitStatus(const absl::Status& status);

// --format table|json
void AddFormatOption(CLI::App* command, std::string* format);

}  // namespace reloc
