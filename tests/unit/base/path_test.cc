#include "reloc/base/path.h"

#include <gtest/gtest.h>

namespace reloc {
namespace {

TEST(Path, DirAndBaseNames) {
  EXPECT_EQ(DirName("/a/b/c"), "/a/b");
  EXPECT_EQ(DirName("/a"), "/");
  EXPECT_EQ(DirName("a"), "");
  EXPECT_EQ(BaseName("/a/b"), "b");
  EXPECT_EQ(BaseName("b"), "b");
}

TEST(Path, BelowIsByComponent) {
  EXPECT_TRUE(IsBelow("/gnu/store/x", "/gnu/store"));
  EXPECT_TRUE(IsBelow("/gnu/store", "/gnu/store"));
  EXPECT_FALSE(IsBelow("/gnu/store2", "/gnu/store"));
}

TEST(Path, CleanPaths) {
  for (string_view good : {"/a", "/a/b.c", "/..a/b"}) EXPECT_TRUE(IsCleanAbsolute(good)) << good;
  for (string_view bad : {"", "/", "a", "/a/", "//a", "/a//b", "/a/./b", "/a/..", "/.."}) {
    EXPECT_FALSE(IsCleanAbsolute(bad)) << bad;
  }
  EXPECT_FALSE(IsCleanAbsolute(string_view("/a\0b", 4)));
  EXPECT_TRUE(IsCleanRelative("a/b"));
  EXPECT_FALSE(IsCleanRelative("../a"));
}

}  // namespace
}  // namespace reloc
