// CLI11's own texts name neither the command nor what would be right. The mistake is found in the tree, which
// still has what was parsed when the error was thrown.
#include "reloc/cli/mistake.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <optional>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "reloc/cli/describe.h"
#include "reloc/hosted/suggest.h"
#include "reloc/hosted/text.h"

namespace reloc {
namespace {

// Returns the command that was being parsed.
const CLI::App& Chosen(const CLI::App& app) {
  std::vector<CLI::App*> parsed = app.get_subcommands();
  return parsed.empty() ? app : Chosen(*parsed.back());
}

std::vector<std::string> CommandNames(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* command : Commands(app)) names.push_back(command->get_name());
  return names;
}

std::vector<std::string> OptionNames(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::Option* option : Options(app)) {
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  }
  return names;
}

std::string ToProgramHelp(const CLI::App& command) {
  const CLI::App* program = &command;
  while (program->get_parent() != nullptr) program = program->get_parent();
  std::string path = CommandPath(command);
  return absl::StrCat("; see ", program->get_name(), " ", path, path.empty() ? "" : " ", "--help");
}

std::string Suggest(std::string_view word, const std::vector<std::string>& names, const CLI::App& command) {
  std::string suggestion = DidYouMean(word, names);
  return suggestion.empty() ? ToProgramHelp(command) : suggestion;
}

// Describes an argument that the command does not take.
std::optional<std::string> UnexpectedArgument(const CLI::App& command) {
  std::vector<std::string> rest = command.remaining();
  if (rest.empty()) return std::nullopt;
  std::string word = rest.front();
  if (word.size() > 1 && word[0] == '-') {
    word = word.substr(0, word.find('='));
    return absl::StrCat("there is no option '", word, "'", Suggest(word, OptionNames(command), command));
  }
  std::vector<std::string> commands = CommandNames(command);
  if (commands.empty()) return absl::StrCat("'", word, "' is one argument too many", ToProgramHelp(command));
  return absl::StrCat("there is no command '", word, "'", Suggest(word, commands, command));
}

// Describes a value that its option does not allow.
std::optional<std::string> UnknownValue(const CLI::App& command) {
  for (const CLI::Option* option : command.get_options()) {
    std::vector<std::string> members = Members(*option);
    if (members.empty()) continue;
    for (const std::string& value : option->results()) {
      if (std::find(members.begin(), members.end(), value) != members.end()) continue;
      return absl::StrCat(option->get_name(), " ", value, ": must be one of ", absl::StrJoin(members, ", "),
                          DidYouMean(value, members));
    }
  }
  return std::nullopt;
}

// Describes an option at the end of the line that needs a value.
std::optional<std::string> MissingValue(const CLI::App& command, const std::string& what) {
  for (const CLI::Option* option : Options(command)) {
    if (!absl::StartsWith(what, option->get_name() + ":")) continue;
    return absl::StrCat(option->get_name(), " needs a value, ", ValueName(*option), ToProgramHelp(command));
  }
  return std::nullopt;
}

std::string WithoutCommand(const CLI::App& command) {
  if (command.get_parent() == nullptr) return "say what to do" + ToProgramHelp(command);
  return "say which: " + absl::StrJoin(CommandNames(command), ", ");
}

}  // namespace

std::string DescribeMistake(const CLI::App& app, const CLI::ParseError& error) {
  const CLI::App& command = Chosen(app);
  std::string path = CommandPath(command);
  std::optional<std::string> mistake = UnexpectedArgument(command);
  if (!mistake && error.get_name() == "ValidationError") mistake = UnknownValue(command);
  if (!mistake && error.get_name() == "ArgumentMismatch") mistake = MissingValue(command, error.what());
  if (!mistake && error.get_name() == "RequiredError" && !Commands(command).empty()) {
    mistake = WithoutCommand(command);
  }
  if (!mistake) mistake = absl::StrCat(error.what(), ToProgramHelp(command));
  return OneLine(absl::StrCat(path, path.empty() ? "" : ": ", *mistake));
}

}  // namespace reloc
