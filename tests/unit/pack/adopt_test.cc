#include "reloc/pack/adopt.h"

#include <gmock/gmock.h>

#include "reloc/pack/verify.h"
#include "tests/unit/pack/fixture.h"

namespace reloc {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// A directory like an unpacked `guix pack -S /bin=bin`.
class AdoptTest : public PackTest {
 protected:
  AdoptTest() {
    FillStore();
    std::filesystem::create_directories(Path("pack/gnu"));
    std::filesystem::rename(Path("store"), Path("pack/gnu/store"));
    Link(absl::StrCat(store_, Item('p', "profile"), "/bin"),
         absl::StrCat("/gnu/store/", Item('h', "hello"), "/bin"));
    Write("pack/README", "read me");
  }

  absl::StatusOr<PackSummary> Adopt() { return AdoptPack(options_, Tools()); }

  const std::string store_ = "pack/gnu/store/";
  AdoptOptions options_{Path("pack"), "", {}};
};

TEST_F(AdoptTest, OffersTheProgramsOfTheProfile) {
  Write(absl::StrCat(store_, Item('d', "data"), "/bin/internal"), "#!/bin/sh\n", 0755);
  ASSERT_TRUE(Adopt().ok()) << Adopt().status();
  EXPECT_THAT(List("pack"), ElementsAre(".reloc", "README", "bin", "gnu"));
  EXPECT_THAT(List("pack/bin"), ElementsAre("hello"));
  EXPECT_THAT(*VerifyPack(Path("pack"), {}), IsEmpty());
}

TEST_F(AdoptTest, ReplacesALinkToTheProfilesBin) {
  Link("pack/bin", absl::StrCat("gnu/store/", Item('p', "profile"), "/bin"));
  absl::StatusOr<PackSummary> summary = Adopt();
  ASSERT_TRUE(summary.ok()) << summary.status();
  EXPECT_THAT(summary->warnings, ElementsAre(HasSubstr("was a symlink tree")));
  EXPECT_TRUE(std::filesystem::is_directory(std::filesystem::symlink_status(Path("pack/bin"))));
  EXPECT_THAT(List("pack/bin"), ElementsAre("hello"));
  EXPECT_THAT(*VerifyPack(Path("pack"), {}), IsEmpty());
}

TEST_F(AdoptTest, ReplacesADirectoryOfLinks) {
  Link("pack/bin/hi", absl::StrCat("../gnu/store/", Item('h', "hello"), "/bin/hello"));
  options_.entries = {{"again", "bin/hi"}};
  ASSERT_TRUE(Adopt().ok());
  EXPECT_THAT(List("pack/bin"), ElementsAre("again", "hi"));
}

TEST_F(AdoptTest, ChangesNothingOnFailure) {
  Write("pack/bin/mine", "#!/bin/sh\n", 0755);
  EXPECT_THAT(Message(Adopt().status()), HasSubstr("bin/mine is a file"));
  EXPECT_THAT(List("pack"), ElementsAre("README", "bin", "gnu"));
  std::filesystem::remove_all(Path("pack/bin"));
  Link("pack/bin", "gnu");
  PackTools tools = Tools();
  tools.compile_plans = [](const ProgramSpec&) { return absl::InternalError("no plan"); };
  options_.entries = {{"hi", absl::StrCat("/gnu/store/", Item('h', "hello"), "/bin/hello")}};
  EXPECT_EQ(Message(AdoptPack(options_, tools).status()), "no plan");
  EXPECT_THAT(List("pack"), ElementsAre("README", "bin", "gnu"));
  EXPECT_EQ(std::filesystem::read_symlink(Path("pack/bin")), "gnu");
}

TEST_F(AdoptTest, MakesLinksRelativeInReadOnlyDirectories) {
  std::string profile = absl::StrCat(store_, Item('p', "profile"));
  ASSERT_EQ(chmod(Path(profile).c_str(), 0555), 0);
  PackTools tools = Tools();
  tools.compile_plans = [](const ProgramSpec&) { return absl::InternalError("no plan"); };
  EXPECT_FALSE(AdoptPack(options_, tools).ok());
  EXPECT_EQ(std::filesystem::read_symlink(Path(profile + "/bin")),
            "/gnu/store/" + Item('h', "hello") + "/bin");
  EXPECT_TRUE(Adopt().ok());
  EXPECT_EQ(std::filesystem::read_symlink(Path(profile + "/bin")), "../" + Item('h', "hello") + "/bin");
  EXPECT_EQ(static_cast<int>(std::filesystem::status(Path(profile)).permissions()), 0555);
  EXPECT_THAT(*VerifyPack(Path("pack"), {}), IsEmpty());
  ASSERT_EQ(chmod(Path(profile).c_str(), 0755), 0);
}

TEST_F(AdoptTest, WarnsAboutMissingItems) {
  std::filesystem::remove_all(Path(absl::StrCat(store_, Item('d', "data"))));
  absl::StatusOr<PackSummary> summary = Adopt();
  ASSERT_TRUE(summary.ok());
  EXPECT_THAT(summary->warnings, ElementsAre(HasSubstr("which is not there")));
}

TEST_F(AdoptTest, RefusesWhatItCannotAdopt) {
  std::filesystem::create_directories(Path("pack/nix/store"));
  EXPECT_THAT(Message(Adopt().status()), HasSubstr("holds both"));
  options_.prefix = "/gnu/store";
  ASSERT_TRUE(Adopt().ok());
  EXPECT_THAT(Message(Adopt().status()), HasSubstr("is a pack already"));
  options_.directory = Path("nowhere");
  EXPECT_THAT(Message(Adopt().status()), HasSubstr("nowhere: No such file"));
}

TEST_F(AdoptTest, RefusesAStoreThatLiesElsewhere) {
  std::filesystem::rename(Path("pack/gnu"), Path("elsewhere"));
  Link("pack/gnu", Path("elsewhere"));
  EXPECT_THAT(Message(Adopt().status()), HasSubstr("leads out of the pack"));
}

}  // namespace
}  // namespace reloc
