// The reference parts of the manual, made from the tree of commands when relocd is built; what only a person
// can say is written in docs/man.
#pragma once

#include <CLI/App.hpp>
#include <optional>
#include <string>

namespace reloc {

// A page in man(7)'s language: `page` with those of its lines replaced that are
//   @COMMANDS@   each command of `app` with its options and examples
//   @OPTIONS@    the options of `app` itself
//   @SETTINGS@   those that a configuration file can have
// and @VERSION@ anywhere.
std::string FillManual(CLI::App& app, const std::string& page);

// Answers `PROGRAM __man FILE`, which prints FILE filled, with an exit status; nothing for other command
// lines.
std::optional<int> AnswerManual(CLI::App& app, int argc, const char* const* argv);

}  // namespace reloc
