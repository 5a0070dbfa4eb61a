#include "preload/paths.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "tests/unit/launch/temp_dir.h"

namespace reloc {
namespace {

constexpr char kPrefix[] = "/no-such-parent/store";

class PathsTest : public testing::Test {
 protected:
  PathsTest() : pack_(std::filesystem::canonical(temp_.path())) {
    std::filesystem::create_directories(pack_ + kPrefix + "/item");
    std::ofstream(pack_ + kPrefix + "/item/file") << "text";
    Setting();  // reads the environment, which has nothing of it
    g_setting.prefix = kPrefix;
    g_setting.pack = pack_;
  }
  ~PathsTest() override { g_setting = LoaderSetting(); }

  std::string Map(const std::string& path) { return MappedPath().Map(path.c_str()); }
  std::string MapLinks(const std::string& path, Links last = Links::kFollow) {
    MappedPath mapped;
    const char* elsewhere = mapped.MapLinks(AT_FDCWD, path.c_str(), last);
    return elsewhere == nullptr ? "nowhere else" : elsewhere;
  }
  std::string Link(const std::string& name, const std::string& target) {
    std::string path = pack_ + "/" + name;
    EXPECT_EQ(symlink(target.c_str(), path.c_str()), 0);
    return path;
  }

  TempDir temp_;
  std::string pack_;
  const std::string store_ = kPrefix;
};

TEST_F(PathsTest, StorePathsLieInThePack) {
  EXPECT_EQ(Map(store_ + "/item"), pack_ + store_ + "/item");
  EXPECT_EQ(Map(store_), pack_ + store_);
  EXPECT_EQ(Map("//no-such-parent/.///store//item/"), pack_ + store_ + "//item/");
}

TEST_F(PathsTest, OtherPathsAreLeftAlone) {
  for (const char* path :
       {"", "/", "relative", "/no-such-parent", "/no-such-parent/store2", "/no-such-parent/stor",
        "/usr/no-such-parent/store", "no-such-parent/store", "/."}) {
    EXPECT_EQ(Map(path), path);
  }
  EXPECT_EQ(MappedPath().Map(nullptr), nullptr);
}

TEST_F(PathsTest, LinksIntoTheStoreAreFollowed) {
  std::string link = Link("absolute", store_ + "/item");
  EXPECT_EQ(MapLinks(link + "/file"), pack_ + store_ + "/item/file");
  EXPECT_EQ(MapLinks(Link("second", link) + "/file"), pack_ + store_ + "/item/file");
  EXPECT_EQ(MapLinks(Link("relative", "absolute/../item") + "/file"), pack_ + store_ + "/item/file");
  EXPECT_EQ(MapLinks(link), pack_ + store_ + "/item");
  EXPECT_EQ(MapLinks(link, Links::kKeep), "nowhere else");
}

TEST_F(PathsTest, ParentsOfTheStoreAreThePacksWhereTheHostHasNone) {
  EXPECT_EQ(MapLinks("/no-such-parent"), pack_ + "/no-such-parent");
  EXPECT_EQ(MapLinks("/usr/../no-such-parent/store/item"), pack_ + store_ + "/item");
  EXPECT_EQ(MapLinks(store_ + "/../../usr"), "/usr");
}

TEST_F(PathsTest, WhatDoesNotExistIsNowhereElse) {
  EXPECT_EQ(MapLinks("/nothing/here"), "nowhere else");
  EXPECT_EQ(MapLinks(Link("dangling", "/nothing/here")), "nowhere else");
  EXPECT_EQ(MapLinks(Link("circle", pack_ + "/circle")), "nowhere else");
}

TEST_F(PathsTest, PathsInThePackAreToldAsStorePaths) {
  EXPECT_EQ(Unmapped((pack_ + store_ + "/item").c_str()), store_ + "/item");
  for (const std::string& path : {pack_, pack_ + "/bin", pack_ + "/no-such-parent/store2", store_}) {
    EXPECT_EQ(Unmapped(path.c_str()), path);
  }
}

TEST_F(PathsTest, ErrnoIsLeftAlone) {
  errno = 77;
  MapLinks(store_ + "/nothing");
  EXPECT_EQ(errno, 77);
}

}  // namespace
}  // namespace reloc
