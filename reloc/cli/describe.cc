#include "reloc/cli/describe.h"

#include <CLI/CLI.hpp>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"

namespace reloc {
namespace {

// CLI11 gives no access to what was passed to IsMember except its description "{a,b}", which follows the
// type: "TEXT:{a,b}".
std::pair<std::string, std::string> TypeAndMembers(const CLI::Option& option) {
  std::string type = option.get_type_name();
  size_t open = type.find(":{");
  size_t close = type.find('}', open);
  std::string name = type.substr(0, type.find(':'));
  if (open == type.npos || close == type.npos) return {name, ""};
  return {name, type.substr(open + 2, close - open - 2)};
}

bool IsList(const CLI::Option& option) {
  return option.get_expected_max() >= CLI::detail::expected_max_vector_size;
}

std::string PositionalUsage(const CLI::Option& option) {
  std::string name = absl::StrCat(option.get_name(true), IsList(option) ? "..." : "");
  return option.get_required() ? name : absl::StrCat("[", name, "]");
}

}  // namespace

std::vector<const CLI::App*> Commands(const CLI::App& app) {
  return app.get_subcommands(
      [](const CLI::App* command) { return !command->get_name().empty() && !command->get_group().empty(); });
}

std::vector<const CLI::Option*> Options(const CLI::App& app) {
  return app.get_options(
      [](const CLI::Option* option) { return option->nonpositional() && !option->get_group().empty(); });
}

std::vector<const CLI::Option*> Positionals(const CLI::App& app) {
  return app.get_options(
      [](const CLI::Option* option) { return option->get_positional() && !option->get_group().empty(); });
}

bool TakesValue(const CLI::Option& option) { return option.get_items_expected_max() > 0; }

std::vector<std::string> Members(const CLI::Option& option) {
  std::string members = TypeAndMembers(option).second;
  if (members.empty()) return {};
  return absl::StrSplit(members, ',');
}

std::string ValueName(const CLI::Option& option) {
  if (!TakesValue(option)) return "";
  std::vector<std::string> members = Members(option);
  return members.empty() ? TypeAndMembers(option).first : absl::StrJoin(members, "|");
}

std::string Term(const CLI::Option& option) {
  if (!option.nonpositional()) return PositionalUsage(option);
  std::vector<std::string> names;
  for (const std::string& name : option.get_snames()) names.push_back("-" + name);
  for (const std::string& name : option.get_lnames()) names.push_back("--" + name);
  std::string value = ValueName(option);
  return absl::StrCat(absl::StrJoin(names, ", "), value.empty() ? "" : " ", value,
                      IsList(option) ? "..." : "");
}

std::string Meaning(const CLI::Option& option) {
  std::string by_default = option.get_default_str();
  return absl::StrCat(option.get_description(),
                      by_default.empty() ? "" : absl::StrCat(" (default: ", by_default, ")"));
}

std::string Summary(const CLI::App& app) {
  std::string description = app.get_description();
  return description.substr(0, description.find('\n'));
}

std::string CommandPath(const CLI::App& app) {
  if (app.get_parent() == nullptr) return "";
  std::string above = CommandPath(*app.get_parent());
  return absl::StrCat(above, above.empty() ? "" : " ", app.get_name());
}

std::string Usage(const CLI::App& app) {
  const CLI::App* program = &app;
  while (program->get_parent() != nullptr) program = program->get_parent();
  std::vector<std::string> words = {program->get_name()};
  if (app.get_parent() != nullptr) words.push_back(CommandPath(app));
  if (!Commands(app).empty()) {
    words.emplace_back("COMMAND [ARG]...");
    return absl::StrJoin(words, " ");
  }
  words.emplace_back("[OPTION]...");
  for (const CLI::Option* option : Positionals(app)) words.push_back(PositionalUsage(*option));
  return absl::StrJoin(words, " ");
}

}  // namespace reloc
