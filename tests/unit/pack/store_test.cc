#include "reloc/pack/store.h"

#include <gmock/gmock.h>

#include "tests/unit/pack/fixture.h"

namespace reloc {
namespace {

using testing::HasSubstr;

class StoreTest : public PackTest {
 protected:
  std::string Resolve(const std::string& path) {
    absl::StatusOr<std::string> real = ResolveInStore(Store(), path);
    return real.ok() ? *real : absl::StrCat("error: ", real.status().message());
  }
};

TEST_F(StoreTest, KnowsItemNames) {
  EXPECT_TRUE(IsItemName(Item('a', "sed-4.9")));
  EXPECT_TRUE(IsItemName(Item('0', "x")));
  EXPECT_FALSE(IsItemName(Item('e', "sed")));
  EXPECT_FALSE(IsItemName(Item('a', "")));
  EXPECT_FALSE(IsItemName(Item('a', "a b")));
  EXPECT_FALSE(IsItemName(std::string(40, 'a')));
  EXPECT_FALSE(IsItemName(".links"));
}

TEST_F(StoreTest, LinksLeadIntoTheStoreAroundThem) {
  Write(absl::StrCat("tree/nix/store/", Item('h', "hello"), "/bin/hello"), "");
  Link("tree/profile", absl::StrCat("/nix/store/", Item('h', "hello")));
  Link("elsewhere", "tree/profile/bin");
  absl::StatusOr<std::string> real = ResolveProgramPath(Path("elsewhere/hello"));
  ASSERT_TRUE(real.ok()) << real.status();
  EXPECT_EQ(*real, Path(absl::StrCat("tree/nix/store/", Item('h', "hello"), "/bin/hello")));
  EXPECT_TRUE(absl::IsNotFound(ResolveProgramPath(Path("elsewhere/nothing")).status()));
}

TEST_F(StoreTest, ResolvesThroughProfilesAndHostPaths) {
  FillStore();
  Link(absl::StrCat("store/", Item('p', "profile"), "/bin"),
       absl::StrCat("/gnu/store/", Item('h', "hello"), "/bin"));
  Link("profile", "profile-1-link");
  Link("profile-1-link", absl::StrCat("/gnu/store/", Item('p', "profile")));
  std::string hello = absl::StrCat("/gnu/store/", Item('h', "hello"), "/bin/hello");
  EXPECT_EQ(Resolve(absl::StrCat("/gnu/store/", Item('p', "profile"), "/bin/hello")), hello);
  EXPECT_EQ(Resolve(Path("profile/bin/hello")), hello);
  EXPECT_EQ(Resolve(Path(absl::StrCat("store/", Item('p', "profile"), "/bin/./../bin//hello"))), hello);
}

TEST_F(StoreTest, FollowsLinksOutOfTheStore) {
  Link(absl::StrCat("store/", Item('p', "links"), "/tmp"), "/");
  EXPECT_EQ(Resolve(absl::StrCat("/gnu/store/", Item('p', "links"), "/tmp")), "/");
}

TEST_F(StoreTest, ReportsDanglingAndCircularLinks) {
  Link("store/gone", "nowhere");
  Link("store/loop", "loop");
  EXPECT_THAT(Resolve("/gnu/store/gone"), HasSubstr("nowhere: No such file"));
  EXPECT_THAT(Resolve("/gnu/store/loop"), HasSubstr("Too many levels"));
}

TEST_F(StoreTest, FindsTheItemOfAPath) {
  EXPECT_EQ(ItemOf(Store(), "/gnu/store/abc/bin"), "abc");
  EXPECT_EQ(ItemOf(Store(), "/gnu/store"), "");
  EXPECT_EQ(ItemOf(Store(), "/gnu/store2/abc"), "");
}

TEST_F(StoreTest, RefusesUncleanPrefixes) {
  EXPECT_FALSE(LocateStore("gnu/store", directory_).ok());
  EXPECT_FALSE(LocateStore("/gnu/../store", directory_).ok());
  EXPECT_THAT(Message(LocateStore("/gnu/store", Path("nowhere")).status()), HasSubstr("nowhere"));
}

}  // namespace
}  // namespace reloc
