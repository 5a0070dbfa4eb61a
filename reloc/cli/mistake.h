// What to say to a mistake on the command line: one line, with what was probably meant or where to read on.
#pragma once

#include <CLI/App.hpp>
#include <string>

namespace reloc {

// After app.parse() threw `error`, which is no success: "ps: there is no option '--fromat'; did you mean
// '--format'?"
std::string DescribeMistake(const CLI::App& app, const CLI::ParseError& error);

}  // namespace reloc
