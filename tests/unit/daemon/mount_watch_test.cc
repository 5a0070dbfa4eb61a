#include "daemon/roots/mount_watch.h"

#include <gtest/gtest.h>

namespace reloc {
namespace {

constexpr char kBefore[] =
    "20 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n"
    "21 20 0:20 / /proc rw,nosuid shared:2 master:1 - proc proc rw\n"
    "22 20 0:21 / /private rw - tmpfs tmpfs rw\n"
    "23 22 0:22 / /private/a\\040name rw - tmpfs tmpfs rw\n";

bool StaleAfterAdding(const std::string& line) {
  return RootsAreStale(ParseMountInfo(kBefore), ParseMountInfo(kBefore + line));
}

TEST(MountTableTest, ReadsIdsParentsAndPropagation) {
  MountTable mounts = ParseMountInfo(kBefore);
  ASSERT_EQ(mounts.size(), 4u);
  EXPECT_EQ(mounts[20], (Mount{1, true}));
  EXPECT_EQ(mounts[21], (Mount{20, true}));
  EXPECT_EQ(mounts[22], (Mount{20, false}));
  EXPECT_EQ(mounts[23], (Mount{22, false}));
}

TEST(MountTableTest, NonsenseIsSkipped) {
  EXPECT_TRUE(ParseMountInfo("").empty());
  EXPECT_TRUE(ParseMountInfo("x y z\n\n20 1\n20 1 8:1 / / rw\n").empty());
}

TEST(RootsAreStaleTest, NotWhenNothingChanged) { EXPECT_FALSE(StaleAfterAdding("")); }

TEST(RootsAreStaleTest, NotWhenTheChangePropagates) {
  EXPECT_FALSE(StaleAfterAdding("30 20 0:30 / /mnt rw - tmpfs tmpfs rw\n"));
}

TEST(RootsAreStaleTest, WhenAMountAppearsOnAPrivateOne) {
  EXPECT_TRUE(StaleAfterAdding("30 22 0:30 / /private/b rw - tmpfs tmpfs rw\n"));
}

TEST(RootsAreStaleTest, WhenAMountVanishesFromAPrivateOne) {
  std::string after(kBefore);
  after.resize(after.find("23 22"));
  EXPECT_TRUE(RootsAreStale(ParseMountInfo(kBefore), ParseMountInfo(after)));
}

TEST(RootsAreStaleTest, WhenEverythingIsPrivate) {
  EXPECT_TRUE(
      RootsAreStale(ParseMountInfo("20 1 8:1 / / rw - ext4 x rw\n"),
                    ParseMountInfo("20 1 8:1 / / rw - ext4 x rw\n30 20 0:30 / /mnt rw - tmpfs x rw\n")));
}

}  // namespace
}  // namespace reloc
