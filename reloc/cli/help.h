// Formats --help for people: CLI11's own help runs over the line's end and shows its internal types.
#pragma once

#include <CLI/App.hpp>
#include <string>

namespace reloc {

// Returns the help of the program or of one of its commands. Descriptions and footers are paragraphs, which
// are wrapped; lines that begin with two spaces are left unchanged.
std::string Help(const CLI::App& app);

// Makes `app` print it at --help, and so do commands that are added later.
void UseHelp(CLI::App* app);

}  // namespace reloc
