#include "reloc/cli/manual.h"

#include <CLI/CLI.hpp>
#include <string_view>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "reloc/cli/describe.h"
#include "reloc/cli/output.h"
#include "reloc/hosted/files.h"

namespace reloc {
namespace {

constexpr size_t kMaxPage = 1 << 20;

// Escapes plain text for troff: its special characters, and - as the one that can be copied and searched for.
std::string Escape(absl::string_view text) {
  std::string out = absl::StrReplaceAll(text, {{"\\", "\\e"}, {"-", "\\-"}});
  bool request = absl::StartsWith(out, ".") || absl::StartsWith(out, "'");
  return request ? absl::StrCat("\\&", out) : out;
}

// Formats lines that begin with two spaces literally, and others as paragraphs.
std::string Text(const std::string& text) {
  std::string out;
  bool literal = false;
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    bool is_literal = absl::StartsWith(line, "  ");
    if (is_literal != literal) absl::StrAppend(&out, is_literal ? ".PP\n.nf\n" : ".fi\n");
    literal = is_literal;
    absl::StrAppend(&out, line.empty() ? ".PP" : Escape(literal ? line.substr(2) : line), "\n");
  }
  return absl::StrCat(out, literal ? ".fi\n" : "");
}

std::string Entry(const std::string& term, const std::string& text) {
  return absl::StrCat(".TP\n.B ", Escape(term), "\n", Escape(text), "\n");
}

std::string OptionEntries(const CLI::App& app) {
  std::string out;
  for (const auto& options : {Positionals(app), Options(app)}) {
    for (const CLI::Option* option : options) {
      if (option != app.get_help_ptr()) absl::StrAppend(&out, Entry(Term(*option), Meaning(*option)));
    }
  }
  return out;
}

std::string SettingEntries(const CLI::App& app) {
  std::string out;
  for (const CLI::Option* option : Options(app)) {
    if (!option->get_configurable()) continue;
    std::string term = absl::StrCat(option->get_single_name(), " = ", ValueName(*option));
    absl::StrAppend(&out, Entry(term, Meaning(*option)));
  }
  return out;
}

std::string CommandSections(const CLI::App& app) {
  std::string out;
  for (const CLI::App* command : Commands(app)) {
    if (!Commands(*command).empty()) {
      absl::StrAppend(&out, CommandSections(*command));
      continue;
    }
    absl::StrAppend(&out, ".SS ", Escape(Usage(*command)), "\n", Text(command->get_description()),
                    OptionEntries(*command));
    if (!command->get_footer().empty()) absl::StrAppend(&out, ".PP\n", Text(command->get_footer()));
  }
  return out;
}

}  // namespace

std::string FillManual(CLI::App& app, const std::string& page) {
  return absl::StrReplaceAll(page, {{"@COMMANDS@\n", CommandSections(app)},
                                    {"@OPTIONS@\n", OptionEntries(app)},
                                    {"@SETTINGS@\n", SettingEntries(app)},
                                    {"@VERSION@", app.version()}});
}

std::optional<int> AnswerManual(CLI::App& app, int argc, const char* const* argv) {
  if (argc != 3 || std::string_view(argv[1]) != "__man") return std::nullopt;
  absl::StatusOr<std::string> page = ReadWholeFile(argv[2], kMaxPage);
  if (!page.ok()) PrintError(argv[0], page.status().message());
  if (!page.ok()) return 1;
  Print(FillManual(app, *page));
  return Flush().ok() ? 0 : 1;
}

}  // namespace reloc
