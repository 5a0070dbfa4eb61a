#include "reloc/cli/mistake.h"

#include <gtest/gtest.h>

#include <CLI/CLI.hpp>

#include "reloc/cli/describe.h"
#include "reloc/cli/help.h"
#include "reloc/cli/manual.h"

namespace reloc {
namespace {

class CliTest : public testing::Test {
 protected:
  CliTest() {
    UseHelp(&app_);
    app_.require_subcommand(1);
    CLI::App* pack = app_.add_subcommand("pack", "Make and check packs");
    pack->require_subcommand(1);
    CLI::App* create = pack->add_subcommand("create", "Make a pack\n\nOf what is there.");
    create->add_option("-o,--output", output_, "Where")->type_name("OUT")->required();
    create->add_option("--format", format_, "How")
        ->check(CLI::IsMember({"tar", "zst"}))
        ->capture_default_str();
    create->add_option("--secret", secret_, "Not shown")->group("");
    create->add_option("PROGRAM", programs_, "What");
    create->footer("Examples:\n  tool pack create -o x .hidden");
    app_.add_subcommand("__hidden", "Not shown")->group("");
  }

  std::string Mistake(const std::string& line) {
    try {
      app_.parse(line);
    } catch (const CLI::ParseError& error) {
      return DescribeMistake(app_, error);
    }
    return "";
  }

  CLI::App app_{"Does things.", "tool"};
  std::string output_, secret_, format_ = "tar";
  std::vector<std::string> programs_;
};

using Mistakes = CliTest;

TEST_F(Mistakes, NameTheCommandAndWhatWasMeant) {
  EXPECT_EQ(Mistake("pakc"), "there is no command 'pakc'; did you mean 'pack'?");
  EXPECT_EQ(Mistake("pack crate"), "pack: there is no command 'crate'; did you mean 'create'?");
  EXPECT_EQ(Mistake("pack create -o x --fromat=zst"),
            "pack create: there is no option '--fromat'; did you mean '--format'?");
  EXPECT_EQ(Mistake("pack create -o x --format zts"),
            "pack create: --format zts: must be one of tar, zst; did you mean 'zst'?");
}

TEST_F(Mistakes, ElseSayWhereToReadOn) {
  EXPECT_EQ(Mistake(""), "say what to do; see tool --help");
  EXPECT_EQ(Mistake("pack"), "pack: say which: create");
  EXPECT_EQ(Mistake("pack create"), "pack create: --output is required; see tool pack create --help");
  EXPECT_EQ(Mistake("pack create -o"),
            "pack create: --output needs a value, OUT; see tool pack create --help");
  EXPECT_EQ(Mistake("pack create -o x --zzzzzzzz"),
            "pack create: there is no option '--zzzzzzzz'; see tool pack create --help");
}

TEST_F(Mistakes, NeverSuggestWhatIsHidden) {
  EXPECT_EQ(Mistake("__hiddem"), "there is no command '__hiddem'; see tool --help");
  EXPECT_EQ(Mistake("pack create -o x --secert y"),
            "pack create: there is no option '--secert'; see tool pack create --help");
}

TEST_F(Mistakes, AreOneLine) { EXPECT_EQ(Mistake("'a\nb'").find('\n'), std::string::npos); }

TEST_F(CliTest, Help) {
  EXPECT_EQ(Help(*app_.get_subcommand("pack")->get_subcommand("create")),
            "Usage: tool pack create [OPTION]... [PROGRAM...]\n"
            "\n"
            "Make a pack\n"
            "\n"
            "Of what is there.\n"
            "\n"
            "Arguments:\n"
            "  [PROGRAM...]          What\n"
            "\n"
            "Options:\n"
            "  -h, --help            Print this help\n"
            "  -o, --output OUT      Where\n"
            "  --format tar|zst      How (default: tar)\n"
            "\n"
            "Examples:\n"
            "  tool pack create -o x .hidden\n");
}

TEST_F(CliTest, Manual) {
  EXPECT_EQ(FillManual(app_, "before\n@COMMANDS@\nafter\n"),
            "before\n"
            ".SS tool pack create [OPTION]... [PROGRAM...]\n"
            "Make a pack\n"
            ".PP\n"
            "Of what is there.\n"
            ".TP\n.B [PROGRAM...]\nWhat\n"
            ".TP\n.B \\-o, \\-\\-output OUT\nWhere\n"
            ".TP\n.B \\-\\-format tar|zst\nHow (default: tar)\n"
            ".PP\nExamples:\n.PP\n.nf\ntool pack create \\-o x .hidden\n.fi\n"
            "after\n");
}

}  // namespace
}  // namespace reloc
