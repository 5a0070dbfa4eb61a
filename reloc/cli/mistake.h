// Answers a mistake on the command line: one line, with what was probably meant or where to read more.
#pragma once

#include <CLI/App.hpp>
#include <string>

namespace reloc {

// Describes `error`, which app.parse() threw and which is not a success: "ps: there is no option '--fromat';
// did you mean '--format'?"
std::string DescribeMistake(const CLI::App& app, const CLI::ParseError& error);

}  // namespace reloc
