// --help for people: what CLI11 prints by default runs over the line's end and shows its own types.
#pragma once

#include <CLI/App.hpp>
#include <string>

namespace reloc {

// Of the program or of a command of it. Descriptions and footers are paragraphs, which are filled; lines that
// begin with two spaces stay as they are.
std::string Help(const CLI::App& app);

// Makes `app` print it at --help, and commands that are added to it from now on.
void UseHelp(CLI::App* app);

}  // namespace reloc
