// Imports programs of this host. The store prefix is the temporary directory itself, so that the results run
// without an engine.
#include "reloc/pack/host_import.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "reloc/pack/elf.h"
#include "reloc/pack/host_command.h"
#include "reloc/pack/host_data.h"
#include "reloc/pack/host_item.h"
#include "reloc/pack/host_loader.h"
#include "reloc/pack/host_program.h"
#include "reloc/pack/store.h"

namespace reloc {
namespace {

namespace fs = std::filesystem;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::Pair;
using ::testing::SizeIs;
using ::testing::StartsWith;

std::string Message(const absl::Status& status) { return std::string(status.message()); }

// --- The first line of scripts ---

Shebang Parse(const std::string& line) {
  const auto shebang = ParseShebang(line + "\necho\n");
  EXPECT_TRUE(shebang.ok() && *shebang) << line << ": " << shebang.status();
  return shebang.ok() && *shebang ? **shebang : Shebang();
}

TEST(ParseShebangTest, TakesTheLineApartAsLinuxDoes) {
  EXPECT_EQ(Parse("#!/bin/sh").interpreter, "/bin/sh");
  EXPECT_EQ(Parse("#!/bin/sh").argument, "");
  EXPECT_EQ(Parse("#!/bin/sh").size, 9u);
  EXPECT_EQ(Parse("#! \t/bin/sh -e -u ").interpreter, "/bin/sh");
  EXPECT_EQ(Parse("#! \t/bin/sh -e -u ").argument, "-e -u");
}

TEST(ParseShebangTest, TakesEnvAway) {
  EXPECT_EQ(Parse("#!/usr/bin/env python3").interpreter, "python3");
  EXPECT_EQ(Parse("#!/usr/bin/env python3").argument, "");
  EXPECT_EQ(Parse("#!/usr/bin/env -S perl -w").interpreter, "perl");
  EXPECT_EQ(Parse("#!/usr/bin/env -S perl -w").argument, "-w");
}

TEST(ParseShebangTest, RefusesWhatOneLineWithoutEnvCannotSay) {
  for (const char* line : {"#!/usr/bin/env python3 -u", "#!/usr/bin/env -S perl -w -T",
                           "#!/usr/bin/env -i sh", "#!/usr/bin/env A=b sh", "#!/usr/bin/env"})
    EXPECT_FALSE(ParseShebang(std::string(line) + "\n").ok()) << line;
}

TEST(ParseShebangTest, KnowsWhatIsNone) {
  for (const char* text : {"", "#", "echo\n", "#!\n", "#! \n"}) {
    const auto shebang = ParseShebang(text);
    EXPECT_TRUE(shebang.ok() && !*shebang) << text;
  }
}

// --- Output of loaders ---

TEST(ParseLoaderListingTest, UnderstandsGlibcAndMusl) {
  EXPECT_THAT(ParseLoaderListing("\tlinux-vdso.so.1 (0x00007f6e1fc02000)\n"
                                 "\tlibz.so.1 => /lib/a (b)/libz.so.1 (0x00007f6e1fbcf000)\n"
                                 "\tlibgone.so => not found\n"
                                 "\t/lib64/ld-linux-x86-64.so.2 (0x00007f6e1fc04000)\n"),
              ElementsAre(Pair("libz.so.1", "/lib/a (b)/libz.so.1")));
  EXPECT_THAT(ParseLoaderListing("\t/lib/ld-musl-x86_64.so.1 (0x7f94)\n"
                                 "\tlibc.so => /lib/ld-musl-x86_64.so.1 (0x7f94)\n"),
              ElementsAre(Pair("libc.so", "/lib/ld-musl-x86_64.so.1")));
}

TEST(RunCommandTest, SaysHowItEnded) {
  const auto result = RunCommand({"sh", "-c", "echo out; echo err >&2; echo more >&2; exit 3"});
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->exit_code, 3);
  EXPECT_EQ(result->output, "out\n");
  EXPECT_EQ(ErrorOf(*result), "err");
  EXPECT_EQ(RunCommand({"sh", "-c", "kill -9 $$"})->exit_code, 137);
  EXPECT_EQ(RunCommand({"no-such-program-here"}).status().code(), absl::StatusCode::kNotFound);
}

// --- Names ---

TEST(ItemNamesTest, AreStoreItemsAndDependOnFactsAlone) {
  const ItemNames names("/store", "patchelf 1");
  const std::string name = names.Name("sed", {"a", "b"});
  EXPECT_TRUE(IsItemName(name)) << name;
  EXPECT_THAT(name, EndsWith("-sed"));
  EXPECT_EQ(names.Name("sed", {"b", "a", "b"}), name);
  EXPECT_NE(names.Name("sed", {"a", "c"}), name);
  EXPECT_NE(ItemNames("/other", "patchelf 1").Name("sed", {"a", "b"}), name);
  EXPECT_NE(ItemNames("/store", "patchelf 2").Name("sed", {"a", "b"}), name);
  EXPECT_TRUE(IsItemName(names.Name("[", {})));
}

// --- Imports ---

class HostImportTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string path = fs::path(testing::TempDir()) / "host_import.XXXXXX";
    directory_ = fs::canonical(mkdtemp(path.data()));
    store_ = directory_ / "store";
    fs::create_directory(store_);
    if (!RunCommand({"patchelf", "--version"}).ok()) Missing("patchelf", "install the package patchelf");
  }
  ~HostImportTest() override { fs::remove_all(directory_); }

  // Skips, or fails where RELOC_MUST_WORK names the feature.
  void Missing(const std::string& feature, const std::string& fix) {
    const char* must = getenv("RELOC_MUST_WORK");
    const std::vector<std::string> features = absl::StrSplit(must != nullptr ? must : "", ',');
    if (std::find(features.begin(), features.end(), feature) != features.end())
      FAIL() << feature << " is missing: " << fix;
    GTEST_SKIP() << feature << " is missing: " << fix;
  }
  void Require(const std::string& program) {
    if (access(program.c_str(), X_OK) != 0)
      Missing(std::string(fs::path(program).filename()), "install " + program);
  }

  HostImportOptions Options(std::vector<std::string> programs, std::vector<std::string> add = {}) {
    return {.programs = std::move(programs),
            .add = std::move(add),
            .store_dir = store_,
            .prefix = store_,
            .progress = {}};
  }

  // Imports, and returns the store path of the first program, which is its real path here.
  std::string Import(std::vector<std::string> programs, std::vector<std::string> add = {}) {
    const auto import = ImportHostPrograms(Options(std::move(programs), std::move(add)));
    EXPECT_TRUE(import.ok()) << import.status();
    if (!import.ok() || import->entries.empty()) return "";
    import_ = *import;
    return import->entries[0].path;
  }

  std::string Output(const std::vector<std::string>& command) {
    const auto result = RunCommand(command);
    EXPECT_TRUE(result.ok()) << result.status();
    if (!result.ok()) return "";
    EXPECT_EQ(result->exit_code, 0) << result->errors;
    return result->output;
  }

  std::string Write(const std::string& name, const std::string& text, mode_t mode = 0755) {
    const std::string path = directory_ / name;
    fs::create_directories(fs::path(path).parent_path());
    std::ofstream(path) << text;
    EXPECT_EQ(chmod(path.c_str(), mode), 0);
    return path;
  }

  std::string Refusal(std::vector<std::string> programs, std::vector<std::string> add = {}) {
    const auto import = ImportHostPrograms(Options(std::move(programs), std::move(add)));
    EXPECT_FALSE(import.ok());
    EXPECT_TRUE(fs::is_empty(store_)) << "left half-made";
    EXPECT_THAT(Message(import.status()), Not(HasSubstr("\n")));
    return Message(import.status());
  }

  std::set<std::string> Items() const {
    std::set<std::string> items;
    for (const auto& item : fs::directory_iterator(store_)) items.insert(item.path().filename());
    return items;
  }

  fs::path directory_;
  std::string store_;
  HostImport import_;
};

TEST_F(HostImportTest, ProgramsLoadFromTheStoreOnly) {
  const std::string sed = Import({"sed"});
  EXPECT_THAT(sed, EndsWith("-sed/bin/sed"));
  EXPECT_EQ(import_.entries[0].name, "sed");
  EXPECT_EQ(import_.prefix, store_);
  int mapped = 0;
  for (absl::string_view line : absl::StrSplit(Output({sed, "-n", "p", "/proc/self/maps"}), '\n')) {
    const size_t path = line.find('/');
    if (path == line.npos || absl::StrContains(line, "/locale/") || absl::EndsWith(line, ".cache")) continue;
    EXPECT_THAT(std::string(line.substr(path)), StartsWith(store_));
    ++mapped;
  }
  EXPECT_GT(mapped, 3);
}

TEST_F(HostImportTest, FilesNameTheStore) {
  const std::string sed = Import({"sed"});
  const auto elf = ReadElf(sed);
  ASSERT_TRUE(elf.ok()) << elf.status();
  EXPECT_THAT(elf->interp, StartsWith(store_));
  for (absl::string_view directory : absl::StrSplit(elf->runpath, ':')) {
    EXPECT_THAT(std::string(directory), StartsWith(store_));
    EXPECT_TRUE(fs::is_directory(std::string(directory))) << directory;
  }
  EXPECT_EQ(Output({sed, "s/one/two/", Write("text", "one\n")}), "two\n");
}

TEST_F(HostImportTest, EqualProgramsGiveEqualItems) {
  Import({"sed", "ls"});
  const std::set<std::string> first = Items();
  for (const std::string& item : first) EXPECT_TRUE(IsItemName(item)) << item;
  fs::remove_all(store_);
  fs::create_directory(store_);
  Import({"ls", "bash", "sed"});
  const std::set<std::string> second = Items();
  EXPECT_TRUE(std::includes(second.begin(), second.end(), first.begin(), first.end()));
}

TEST_F(HostImportTest, LibcIsOneItemWithWhatItLoadsByItself) {
  const std::string bash = Import({"bash"});
  const auto elf = ReadElf(bash);
  ASSERT_TRUE(elf.ok()) << elf.status();
  const fs::path libc = fs::path(elf->interp).parent_path();
  if (!fs::exists(libc / "libc.so.6")) GTEST_SKIP() << "this host's programs do not use glibc";
  EXPECT_EQ(ReadElf(libc / "libc.so.6")->runpath, libc.string());
  EXPECT_TRUE(fs::exists(libc / "libm.so.6"));
  EXPECT_TRUE(fs::exists(libc / "libgcc_s.so.1"));
  EXPECT_THAT(Output({libc / "libc.so.6"}), HasSubstr("GNU C Library"));
}

TEST_F(HostImportTest, GitRuns) {
  Require("/usr/bin/git");
  if (IsSkipped()) return;
  const std::string git = Import({"/usr/bin/git"});
  EXPECT_EQ(Output({git, "--version"}), Output({"/usr/bin/git", "--version"}));
  const std::string repository = directory_ / "repository";
  Output({git, "init", "-q", repository});
  EXPECT_THAT(Output({git, "-C", repository, "status", "--porcelain", "--branch"}),
              HasSubstr("No commits yet"));
}

TEST_F(HostImportTest, ProgramsOfAnotherLibcRun) {
  Require("/usr/bin/musl-gcc");
  if (IsSkipped()) return;
  const std::string source =
      Write("hello.c", "int puts(const char*); int main() { return puts(\"musl\") < 0; }\n");
  Output({"/usr/bin/musl-gcc", source, "-o", directory_ / "hello"});
  // The plugin is glibc's: its loader must be asked, though it is not the first.
  const auto bash = AskLoader(ReadElf("/bin/bash")->interp, "/bin/bash");
  ASSERT_TRUE(bash.ok()) << bash.status();
  const fs::path libc = bash->files.at("libc.so.6");
  fs::create_symlink(libc.parent_path() / "libm.so.6", directory_ / "plugin.so");
  const std::string hello = Import({directory_ / "hello", "bash"}, {directory_ / "plugin.so"});
  EXPECT_EQ(Output({hello}), "musl\n");
  EXPECT_THAT(import_.warnings, IsEmpty());
}

TEST_F(HostImportTest, PerlRuns) {
  Require("/usr/bin/perl");
  if (IsSkipped()) return;
  const std::string perl = Import({"/usr/bin/perl"});
  EXPECT_EQ(Output({perl, "-MPOSIX", "-e", "print POSIX::floor(3.5), (getpwuid(0))[0]"}), "3root");
}

TEST_F(HostImportTest, PythonUsesTheLibraryThatWasAdded) {
  Require("/usr/bin/python3");
  if (IsSkipped()) return;
  const std::string version =
      Output({"/usr/bin/python3", "-c", "import sys; print('python%d.%d' % sys.version_info[:2], end='')"});
  const std::string python = Import({"/usr/bin/python3"}, {"/usr/lib/" + version});
  ASSERT_FALSE(python.empty());
  EXPECT_TRUE(ReadElf(python).ok()) << ReadElf(python).status();
  const std::string item = fs::path(python).parent_path().parent_path();
  EXPECT_EQ(Output({python, "-c", "import sys; print(sys.prefix, end='')"}), item);
  // A plugin of the added library, and what that loads.
  const std::string loaded = Output({python, "-c",
                                     "import bz2, sys, threading\n"
                                     "print(sys.modules['_bz2'].__file__)\n"
                                     "print(*[l for l in open('/proc/self/maps') if 'libbz2' in l])"});
  EXPECT_THAT(loaded, StartsWith(item));
  EXPECT_THAT(loaded, HasSubstr(store_ + "/"));
  EXPECT_THAT(loaded, Not(HasSubstr(" /usr/")));
  ASSERT_THAT(import_.links, SizeIs(1));
  EXPECT_EQ(import_.links[0].path, "lib/" + version);
  EXPECT_TRUE(fs::is_directory(import_.links[0].target)) << import_.links[0].target;
}

TEST_F(HostImportTest, ScriptsGetTheirInterpreterFromTheStore) {
  const std::string script = Write("hello", "#!/bin/sh -e\necho \"hello $1 from ${0##*/}\"\n");
  const std::string hello = Import({script});
  EXPECT_EQ(Output({hello, "you"}), "hello you from hello\n");
  std::ifstream file(hello);
  std::string line;
  std::getline(file, line);
  EXPECT_THAT(line, StartsWith("#!" + store_ + "/"));
  EXPECT_THAT(line, EndsWith("-sh/bin/sh -e"));
  EXPECT_THAT(import_.entries, SizeIs(1)) << "an interpreter is no entry";
}

TEST_F(HostImportTest, LongFirstLinesAreSaid) {
  const std::string interpreter = directory_ / ("an-interpreter" + std::string(40, '-'));
  fs::create_symlink("/bin/sh", interpreter);
  Import({Write("hello", "#!" + interpreter + "\n")});
  EXPECT_THAT(import_.warnings, ElementsAre(HasSubstr("longer than the 127 characters")));
}

TEST_F(HostImportTest, EnvIsLookedUpNow) {
  const std::string hello = Import({Write("hello", "#!/usr/bin/env bash\necho ${BASH_VERSION:+bash}")});
  EXPECT_EQ(Output({hello}), "bash\n");
}

TEST_F(HostImportTest, NamesAreThoseThatTheUserGave) {
  const std::string real = Write("bin/real", "#!/bin/sh\necho ${0##*/}\n");
  fs::create_symlink("real", directory_ / "bin/alias");
  const std::string alias = Import({directory_ / "bin/alias", real});
  EXPECT_EQ(Output({alias}), "alias\n");
  EXPECT_THAT(import_.entries, SizeIs(2));
}

TEST_F(HostImportTest, DataStandsWhereTheProgramLooksForIt) {
  const std::string tool = Write("opt/bin/tool", "#!/bin/sh\ncat \"${0%/*}/../share/tool/text\"\n");
  Write("opt/share/tool/text", "the text\n", 0640);
  Write("outside", "from outside\n", 0644);
  fs::create_directory(directory_ / "opt/share/tool/empty");
  fs::create_symlink("../tool/text", directory_ / "opt/share/tool/inside");
  fs::create_symlink(directory_ / "outside", directory_ / "opt/share/tool/copied");
  fs::create_symlink("gone", directory_ / "opt/share/tool/dangling");
  // The tree of a script's data is that of its interpreter: /usr. Data in other places keeps its whole path.
  const std::string data = directory_ / "opt/share/tool";
  Import({tool}, {data, data + "/empty"});
  ASSERT_THAT(import_.links, SizeIs(1)) << "what is below another path is no link of its own";
  const fs::path place = import_.links[0].target;
  EXPECT_EQ(import_.links[0].path, data.substr(1));
  EXPECT_EQ(fs::read_symlink(place / "inside"), "text");
  EXPECT_EQ(Output({"cat", place / "copied"}), "from outside\n");
  EXPECT_TRUE(fs::is_directory(place / "empty"));
  EXPECT_EQ(fs::status(place / "text").permissions(), fs::perms(0640));
  EXPECT_EQ(fs::last_write_time(place / "text"), fs::last_write_time(data + "/text"));
  EXPECT_THAT(import_.warnings, ElementsAre(HasSubstr("dangling is left out")));
}

TEST_F(HostImportTest, OtherDataGivesOtherItems) {
  const std::string data = Write("data", "one", 0644);
  Import({"sed"}, {data});
  const std::set<std::string> first = Items();
  fs::remove_all(store_);
  fs::create_directory(store_);
  Write("data", "two", 0644);
  Import({"sed"}, {data});
  std::vector<std::string> same;
  const std::set<std::string> second = Items();
  std::set_intersection(first.begin(), first.end(), second.begin(), second.end(), std::back_inserter(same));
  EXPECT_THAT(same, Not(Contains(EndsWith("-sed"))));
  EXPECT_THAT(same, Not(Contains(EndsWith("-data"))));
  EXPECT_THAT(same, Contains(EndsWith("-libc")));
}

TEST_F(HostImportTest, SetUserIdIsDroppedAndSaid) {
  const std::string tool = Write("tool", "#!/bin/sh\n", 04755);
  const std::string made = Import({tool});
  EXPECT_THAT(import_.warnings, ElementsAre(HasSubstr("set-user-ID")));
  EXPECT_EQ(fs::status(made).permissions(), fs::perms(0755));
}

TEST_F(HostImportTest, RefusesInOneLineAndLeavesNothing) {
  EXPECT_THAT(Refusal({}), HasSubstr("no program"));
  EXPECT_THAT(Refusal({"no-such-program-here"}),
              HasSubstr("cannot find the program 'no-such-program-here' in PATH"));
  EXPECT_THAT(Refusal({directory_ / "none"}), HasSubstr(directory_ / "none"));
  EXPECT_THAT(Refusal({directory_}), HasSubstr("not a regular file"));
  EXPECT_THAT(Refusal({Write("plain", "hello\n")}), HasSubstr("neither an ELF file nor a '#!' script"));
  EXPECT_THAT(Refusal({Write("data", "#!/bin/sh\n", 0644)}), HasSubstr("not executable"));
  EXPECT_THAT(Refusal({Write("short", "\177ELF")}), HasSubstr("short: truncated ELF file"));
  EXPECT_THAT(Refusal({Write("old", "\177ELF\1\1\1" + std::string(64, 0))}), HasSubstr("only 64-bit"));
  EXPECT_THAT(Refusal({Write("lost", "#!/no/interpreter\n")}), HasSubstr("/no/interpreter"));
  EXPECT_THAT(Refusal({Write("loop", absl::StrCat("#!", (directory_ / "loop").string(), "\n"))}),
              HasSubstr("too many scripts"));
  EXPECT_THAT(Refusal({"sed", Write("other/sed", "#!/bin/sh\n")}), HasSubstr("two programs are named sed"));
  EXPECT_THAT(Refusal({"sed"}, {directory_ / "nothing"}), HasSubstr("cannot find the data"));
}

TEST_F(HostImportTest, NamesTheLibraryThatIsMissing) {
  const std::string program = directory_ / "program";
  Output({"patchelf", "--add-needed", "libgone.so.7", "--output", program, "/bin/sh"});
  ASSERT_EQ(chmod(program.c_str(), 0755), 0);
  const std::string refusal = Refusal({program});
  EXPECT_THAT(refusal, StartsWith(program + ": its loader cannot load it"));
  EXPECT_THAT(refusal, HasSubstr("libgone.so.7"));
}

TEST_F(HostImportTest, NamesTheLoaderThatIsMissing) {
  const std::string program = directory_ / "program";
  Output({"patchelf", "--set-interpreter", "/lib/ld-gone.so.1", "--output", program, "/bin/sh"});
  ASSERT_EQ(chmod(program.c_str(), 0755), 0);
  EXPECT_THAT(Refusal({program}), HasSubstr("its loader /lib/ld-gone.so.1 does not exist here"));
}

TEST_F(HostImportTest, AFailureWhileWritingLeavesNothing) {
  HostImportOptions options = Options({"bash"});
  options.progress = [](const Progress& progress) { return progress.stage != "importing"; };
  EXPECT_EQ(ImportHostPrograms(options).status().code(), absl::StatusCode::kCancelled);
  EXPECT_TRUE(fs::is_empty(store_));
}

TEST(HostStorePrefixTest, IsNoDirectoryOfThisHost) {
  const std::string prefix(kHostStorePrefix);
  EXPECT_FALSE(fs::exists(prefix));
  EXPECT_EQ(prefix.rfind('/'), 0u) << "one directory in /";
}

}  // namespace
}  // namespace reloc
