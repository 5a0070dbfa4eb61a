#include "reloc/cli/help.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "reloc/cli/describe.h"

namespace reloc {
namespace {

constexpr size_t kWidth = 80;
constexpr size_t kTextColumn = 24;

using Rows = std::vector<std::pair<std::string, std::string>>;

// Wraps `text` into lines that begin at column `indent`; the first continues a line that is at `column`.
std::string Fill(absl::string_view text, size_t indent, size_t column) {
  std::string out;
  for (absl::string_view word : absl::StrSplit(text, ' ', absl::SkipEmpty())) {
    if (column > indent && column + 1 + word.size() > kWidth) {
      absl::StrAppend(&out, "\n");
      column = 0;
    }
    size_t gap = column < indent ? indent - column : column == indent ? 0 : 1;
    absl::StrAppend(&out, std::string(gap, ' '), word);
    column += gap + word.size();
  }
  return out + "\n";
}

std::string Paragraphs(const std::string& text) {
  std::string out;
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    absl::StrAppend(&out, absl::StartsWith(line, "  ") ? absl::StrCat(line, "\n") : Fill(line, 0, 0));
  }
  return out;
}

std::string Section(const std::string& title, const Rows& rows) {
  if (rows.empty()) return "";
  std::string out = absl::StrCat("\n", title, ":\n");
  for (const auto& [term, text] : rows) {
    absl::StrAppend(&out, "  ", term);
    size_t column = 2 + term.size();
    if (column + 2 > kTextColumn) {
      absl::StrAppend(&out, "\n");
      column = 0;
    }
    absl::StrAppend(&out, Fill(text, kTextColumn, column));
  }
  return out;
}

Rows OptionRows(const std::vector<const CLI::Option*>& options) {
  Rows rows;
  for (const CLI::Option* option : options) {
    if (!Meaning(*option).empty()) rows.emplace_back(Term(*option), Meaning(*option));
  }
  return rows;
}

// Lists the commands of each group, in the order in which groups first appear.
std::string CommandSections(const CLI::App& app) {
  std::vector<std::pair<std::string, Rows>> groups;
  for (const CLI::App* command : Commands(app)) {
    auto same = [command](const auto& group) { return group.first == command->get_group(); };
    auto group = std::find_if(groups.begin(), groups.end(), same);
    if (group == groups.end()) group = groups.insert(groups.end(), {command->get_group(), {}});
    group->second.emplace_back(command->get_name(), Summary(*command));
  }
  std::string out;
  for (const auto& [title, rows] : groups) {
    absl::StrAppend(&out, Section(title == "Subcommands" ? "Commands" : title, rows));
  }
  return out;
}

class HelpFormatter : public CLI::FormatterBase {
 public:
  std::string make_help(const CLI::App* app, std::string, CLI::AppFormatMode) const override {
    return Help(*app);
  }
};

}  // namespace

std::string Help(const CLI::App& app) {
  std::string footer = app.get_footer();
  return absl::StrCat("Usage: ", Usage(app), "\n\n", Paragraphs(app.get_description()), CommandSections(app),
                      Section("Arguments", OptionRows(Positionals(app))),
                      Section("Options", OptionRows(Options(app))), footer.empty() ? "" : "\n",
                      footer.empty() ? "" : Paragraphs(footer));
}

void UseHelp(CLI::App* app) {
  app->formatter(std::make_shared<HelpFormatter>());
  app->get_help_ptr()->description("Print this help");
}

}  // namespace reloc
