// Makes packs from a store, checks and archives them.
#include "reloc/pack/builder.h"

#include <gmock/gmock.h>

#include "reloc/pack/archive.h"
#include "reloc/pack/copy.h"
#include "reloc/pack/host_command.h"
#include "reloc/pack/manifest.h"
#include "reloc/pack/verify.h"
#include "tests/unit/pack/fixture.h"

namespace reloc {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class BuilderTest : public PackTest {
 protected:
  BuilderTest() {
    FillStore();
    Link(absl::StrCat("store/", Item('p', "profile"), "/bin"),
         absl::StrCat("/gnu/store/", Item('h', "hello"), "/bin"));
    source_.store = Store();
    source_.paths = {absl::StrCat("/gnu/store/", Item('p', "profile"))};
  }

  absl::StatusOr<PackSummary> Create(const std::string& output = "pack") {
    return CreatePackFromStore(source_, Path(output), Tools());
  }
  std::vector<std::string> Verify(const std::string& pack) {
    std::vector<std::string> lines;
    absl::StatusOr<std::vector<Difference>> differences = VerifyPack(Path(pack), {});
    EXPECT_TRUE(differences.ok()) << differences.status();
    if (!differences.ok()) return {"error"};
    for (const Difference& difference : *differences) {
      lines.push_back(absl::StrCat(difference.path, " ", difference.what));
    }
    return lines;
  }
  // Nothing was left behind: neither a pack nor a temporary directory.
  void ExpectNothingMade() { EXPECT_THAT(List("."), ElementsAre("audit.so", "shim", "store")); }

  StoreSource source_;
  const std::string store_ = "pack/gnu/store/";
};

TEST_F(BuilderTest, MakesAWholePack) {
  absl::StatusOr<PackSummary> summary = Create();
  ASSERT_TRUE(summary.ok()) << summary.status();
  EXPECT_EQ(summary->items, 3u);
  EXPECT_EQ(summary->entries, 1u);
  EXPECT_THAT(summary->warnings, IsEmpty());
  EXPECT_THAT(List("pack"), ElementsAre(".reloc", "bin", "gnu"));
  EXPECT_THAT(List("pack/.reloc"),
              ElementsAre("contents.json", "lib", "libraries", "manifest.json", "plans", "shim"));
  EXPECT_EQ(Read("pack/.reloc/lib/audit.so"), "the library");
  EXPECT_EQ(Read("pack/.reloc/plans/bin/hello"),
            absl::StrCat("plan for /gnu/store/", Item('h', "hello"), "/bin/hello"));
  EXPECT_TRUE(std::filesystem::equivalent(Path("pack/bin/hello"), Path("pack/.reloc/shim")));
  EXPECT_EQ(Read(absl::StrCat(store_, Item('d', "data"), "/text")), "hello\n");
  EXPECT_THAT(Verify("pack"), IsEmpty());
}

TEST_F(BuilderTest, KeepsModesButLetsItselfBeRemoved) {
  std::string item = absl::StrCat("store/", Item('h', "hello"));
  ASSERT_EQ(chmod(Path(item).c_str(), 0555), 0);
  ASSERT_TRUE(Create().ok());
  ASSERT_EQ(chmod(Path(item).c_str(), 0755), 0);
  auto mode = [&](const std::string& path) {
    return static_cast<int>(std::filesystem::status(Path(absl::StrCat(store_, path))).permissions());
  };
  EXPECT_EQ(mode(Item('h', "hello/bin/hello")), 0555);
  EXPECT_EQ(mode(Item('d', "data/text")), 0444);
  EXPECT_EQ(mode(Item('h', "hello")), 0755);
}

TEST_F(BuilderTest, MakesAbsoluteLinksRelative) {
  ASSERT_TRUE(Create().ok());
  EXPECT_EQ(std::filesystem::read_symlink(Path(absl::StrCat(store_, Item('p', "profile/bin")))),
            absl::StrCat("../", Item('h', "hello/bin")));
  EXPECT_EQ(RelativeTarget("/gnu/store", "/gnu/store/a/b/link", "/gnu/store/c/d"), "../../c/d");
  EXPECT_EQ(RelativeTarget("/gnu/store", "/gnu/store/a/link", "/etc/passwd"), "/etc/passwd");
  EXPECT_EQ(RelativeTarget("/gnu/store", "/gnu/store/a/link", "b/c"), "b/c");
}

TEST_F(BuilderTest, TakesEntriesBesidesTheDefaultOnes) {
  Write(absl::StrCat("store/", Item('x', "extra"), "/libexec/tool"), "#!/bin/sh\n", 0755);
  source_.entries = {{"hi", "bin/hello"},
                     {"tool", absl::StrCat("/gnu/store/", Item('x', "extra"), "/libexec/tool")}};
  ASSERT_TRUE(Create().ok());
  EXPECT_THAT(List("pack/bin"), ElementsAre("hello", "hi", "tool"));
  EXPECT_TRUE(Exists(absl::StrCat(store_, Item('x', "extra"))));
}

TEST_F(BuilderTest, MakesAFileTheOnlyEntry) {
  Write(absl::StrCat("store/", Item('h', "hello"), "/bin/other"), "#!/bin/sh\n", 0755);
  source_.paths = {absl::StrCat("/gnu/store/", Item('h', "hello"), "/bin/hello")};
  ASSERT_TRUE(Create().ok());
  EXPECT_THAT(List("pack/bin"), ElementsAre("hello"));
}

TEST_F(BuilderTest, FollowsProfileLinksOfTheHost) {
  Link("links/my-profile", "my-profile-1");
  Link("links/my-profile-1", absl::StrCat("/gnu/store/", Item('p', "profile")));
  source_.paths = {Path("links/my-profile")};
  ASSERT_TRUE(Create().ok());
  EXPECT_THAT(List("pack/bin"), ElementsAre("hello"));
}

TEST_F(BuilderTest, LeavesOutWhatIsNoProgram) {
  std::string bin = absl::StrCat("store/", Item('h', "hello"), "/bin/");
  Write(absl::StrCat(bin, "notes"), "text", 0755);
  Write(absl::StrCat(bin, ".hello-real"), "#!/bin/sh\n", 0755);
  Link(absl::StrCat(bin, "dangling"), "nowhere");
  absl::StatusOr<PackSummary> summary = Create();
  ASSERT_TRUE(summary.ok());
  EXPECT_THAT(List("pack/bin"), ElementsAre("hello"));
  EXPECT_THAT(summary->warnings, ElementsAre(HasSubstr("no entry dangling"), HasSubstr("no entry notes")));
}

TEST_F(BuilderTest, LeavesNothingBehindWhenAnItemIsMissing) {
  std::filesystem::remove_all(Path(absl::StrCat("store/", Item('d', "data"))));
  EXPECT_THAT(Message(Create().status()), HasSubstr("hello refers to"));
  ExpectNothingMade();
  source_.allow_missing = true;
  absl::StatusOr<PackSummary> summary = Create();
  ASSERT_TRUE(summary.ok());
  EXPECT_THAT(summary->warnings, ElementsAre(HasSubstr("which is not there")));
}

TEST_F(BuilderTest, LeavesNothingBehindWhenStopped) {
  for (std::string_view stop_at : {"scanning", "copying", "hashing", "archiving"}) {
    PackTools tools = Tools();
    tools.progress = [&](const Progress& progress) { return progress.stage != stop_at; };
    Write(absl::StrCat("store/", Item('d', "data"), "/large"), std::string(5 << 20, 'x'));
    absl::StatusOr<PackSummary> summary = CreatePackFromStore(source_, Path("pack.tar"), tools);
    EXPECT_EQ(summary.status().code(), absl::StatusCode::kCancelled) << stop_at;
    ExpectNothingMade();
  }
}

TEST_F(BuilderTest, LeavesNothingBehindWhenAPlanCannotBeMade) {
  PackTools tools = Tools();
  tools.compile_plans = [](const ProgramSpec&) { return absl::InternalError("no plan"); };
  EXPECT_EQ(Message(CreatePackFromStore(source_, Path("pack"), tools).status()), "no plan");
  ExpectNothingMade();
}

TEST_F(BuilderTest, NeverReplacesAnything) {
  Write("pack", "precious");
  EXPECT_THAT(Message(Create().status()), HasSubstr("exists already"));
  EXPECT_EQ(Read("pack"), "precious");
}

TEST_F(BuilderTest, RefusesWhatIsNoItemOrNoEntry) {
  source_.paths = {"/etc/passwd"};
  EXPECT_THAT(Message(Create().status()), HasSubstr("/etc/passwd is not an item of the store"));
  source_.paths = {absl::StrCat("/gnu/store/", Item('d', "data"))};
  EXPECT_THAT(Message(Create().status()), HasSubstr("--entry NAME=PATH"));
  source_.entries = {{"text", "text"}};
  EXPECT_THAT(Message(Create().status()), HasSubstr("is not executable"));
  source_.entries = {{"../text", "text"}};
  EXPECT_THAT(Message(Create().status()), HasSubstr("not a name"));
  ExpectNothingMade();
}

TEST_F(BuilderTest, RefusesASymlinkThatLeavesThePack) {
  Link(absl::StrCat("store/", Item('d', "data"), "/up"), "../../../../../etc/passwd");
  EXPECT_THAT(Message(Create().status()), HasSubstr("leaves the pack"));
  ExpectNothingMade();
}

TEST_F(BuilderTest, KeepsNamesThatAreNotUtf8) {
  Write(absl::StrCat("store/", Item('d', "data"), "/\xff%"), "x");
  ASSERT_TRUE(Create().ok());
  EXPECT_THAT(Verify("pack"), IsEmpty());
}

TEST_F(BuilderTest, OffersNoProgramWhoseNameCannotBeWritten) {
  for (const char* name : {"\xff", "a%", "a\nb"}) {
    Write(absl::StrCat("store/", Item('h', "hello"), "/bin/", name), "#!/bin/sh\n", 0755);
  }
  absl::StatusOr<PackSummary> summary = Create();
  ASSERT_TRUE(summary.ok()) << summary.status();
  EXPECT_THAT(List("pack/bin"), ElementsAre("hello"));
  EXPECT_EQ(summary->warnings.size(), 3u);
  EXPECT_THAT(Verify("pack"), IsEmpty());
}

TEST_F(BuilderTest, VerifyTellsEveryKindOfDifference) {
  ASSERT_TRUE(Create().ok());
  std::string data = absl::StrCat(store_, Item('d', "data")),
              hello = absl::StrCat(store_, Item('h', "hello"));
  std::filesystem::remove(Path(absl::StrCat(data, "/text")));
  Write(absl::StrCat(data, "/text"), "HELLO\n");
  Write("pack/new", "");
  std::filesystem::remove(Path("pack/bin/hello"));
  std::string profile = absl::StrCat(store_, Item('p', "profile"), "/bin");
  std::filesystem::remove(Path(profile));
  Link(profile, "/tmp");
  ASSERT_EQ(chmod(Path(absl::StrCat(hello, "/bin/hello")).c_str(), 0444), 0);
  EXPECT_THAT(Verify("pack"),
              ElementsAre("bin/hello is missing",
                          absl::StrCat("gnu/store/", Item('d', "data"), "/text has other content"),
                          absl::StrCat("gnu/store/", Item('h', "hello"), "/bin/hello is not executable"),
                          absl::StrCat("gnu/store/", Item('p', "profile"), "/bin leads to /tmp"),
                          "new is not in the manifest"));
}

TEST_F(BuilderTest, VerifyDoesNotFollowAStoreThatBecameASymlink) {
  ASSERT_TRUE(Create().ok());
  std::filesystem::rename(Path("pack/gnu"), Path("elsewhere"));
  Link("pack/gnu", Path("elsewhere"));
  EXPECT_THAT(Verify("pack"), testing::Contains("gnu is a symlink"));
}

class ArchiveTest : public BuilderTest {
 protected:
  void Tar(const std::vector<std::string>& arguments) {
    std::vector<std::string> words = {"tar"};
    words.insert(words.end(), arguments.begin(), arguments.end());
    absl::StatusOr<CommandResult> result = RunCommand(words);
    ASSERT_TRUE(result.ok()) << result.status();
    ASSERT_EQ(result->exit_code, 0) << result->errors;
  }
};

TEST_F(ArchiveTest, UnpacksToAnIntactPack) {
  for (const char* suffix : {"tar", "tar.gz", "tar.zst"}) {
    std::string archive = absl::StrCat("pack.", suffix), directory = absl::StrCat("of-", suffix);
    absl::StatusOr<PackSummary> summary = Create(archive);
    ASSERT_TRUE(summary.ok()) << summary.status();
    std::filesystem::create_directory(Path(directory));
    Tar({"-xf", Path(archive), "-C", Path(directory)});
    EXPECT_THAT(Verify(directory), IsEmpty());
    EXPECT_TRUE(std::filesystem::equivalent(Path(absl::StrCat(directory, "/bin/hello")),
                                            Path(absl::StrCat(directory, "/.reloc/shim"))));
  }
}

TEST_F(ArchiveTest, IsIntactAlsoWithoutHardLinks) {
  ASSERT_TRUE(Create("pack.tar").ok());
  std::filesystem::create_directory(Path("unpacked"));
  Tar({"-xf", Path("pack.tar"), "-C", Path("unpacked")});
  std::filesystem::copy(
      Path("unpacked"), Path("copied"),
      std::filesystem::copy_options::recursive | std::filesystem::copy_options::copy_symlinks);
  EXPECT_THAT(Verify("copied"), IsEmpty());
}

TEST_F(ArchiveTest, HasTheSameBytesForTheSameInput) {
  for (const char* suffix : {"tar", "tar.gz", "tar.zst"}) {
    std::string first = absl::StrCat("first.", suffix), second = absl::StrCat("second.", suffix);
    ASSERT_TRUE(Create(first).ok());
    mode_t mask = umask(077);
    EXPECT_TRUE(Create(second).ok());
    umask(mask);
    EXPECT_EQ(Read(first), Read(second)) << suffix;
  }
  EXPECT_EQ(Read("first.tar.gz").substr(4, 4), std::string(4, '\0')) << "RFC 1952: MTIME";
}

}  // namespace
}  // namespace reloc
