// Generates the reference parts of the manual from the tree of commands when relocd is built. The parts that
// only a person can write are in docs/man.
#pragma once

#include <CLI/App.hpp>
#include <optional>
#include <string>

namespace reloc {

// Returns a page in man(7)'s language: `page`, in which these lines are replaced:
//   @COMMANDS@   each command of `app` with its options and examples
//   @OPTIONS@    the options of `app` itself
//   @SETTINGS@   those that a configuration file can have
// and @VERSION@ anywhere.
std::string FillManual(CLI::App& app, const std::string& page);

// Handles `PROGRAM __man FILE`, which prints FILE filled, and returns its exit status. Returns nothing for
// other command lines.
std::optional<int> AnswerManual(CLI::App& app, int argc, const char* const* argv);

}  // namespace reloc
