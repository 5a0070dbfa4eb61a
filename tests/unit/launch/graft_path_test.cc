// What another user makes is in tests/fault/graft_squatters_root_test.py: that takes a second user.
#include "reloc/launch/graft_path.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "tests/unit/launch/temp_dir.h"

namespace reloc {
namespace {

constexpr char kStore[] = "/mirrors/01.graft/gnu/store";

class GraftPathTest : public testing::Test {
 protected:
  GraftPathTest() {
    std::filesystem::create_directories(store_);
    std::filesystem::create_symlink(store_, link_);
  }
  std::string Fault(const std::string& path) {
    const char* fault = GraftPathFault(path.c_str(), kStore);
    return fault == nullptr ? "" : fault;
  }
  void ExpectFault(const std::string& part) {
    EXPECT_NE(Fault(link_).find(part), std::string::npos) << Fault(link_);
  }

  TempDir dir_;
  std::string store_ = dir_.path() + kStore;
  std::string link_ = dir_ / "link";
};

TEST_F(GraftPathTest, AnOwnSymlinkToAnOwnStoreIsGood) { EXPECT_EQ(Fault(link_), ""); }

TEST_F(GraftPathTest, OnlyASymlinkIsGood) {
  std::filesystem::remove(link_);
  ExpectFault("is gone");
  std::filesystem::create_directory(link_);
  ExpectFault("is no symlink");
  std::filesystem::remove(link_);
  std::ofstream(link_) << "a file";
  ExpectFault("is no symlink");
  std::filesystem::remove(link_);
  ASSERT_EQ(::mkfifo(link_.c_str(), 0600), 0);
  ExpectFault("is no symlink");
}

TEST_F(GraftPathTest, ItMustLeadToTheStoreOfThisMirror) {
  for (const std::string& target : {dir_ / "mirrors/02.graft/gnu/store", store_ + "/x", store_.substr(1)}) {
    std::filesystem::remove(link_);
    std::filesystem::create_symlink(target, link_);
    ExpectFault("leads elsewhere");
  }
}

TEST_F(GraftPathTest, TheStoreMustBeThereAndClosedToOthers) {
  ASSERT_EQ(::chmod(store_.c_str(), 0775), 0);
  ExpectFault("others can write");
  std::filesystem::remove(store_);
  ExpectFault("leads to nothing");
  std::ofstream(store_) << "a file";
  ExpectFault("leads to no directory");
}

TEST_F(GraftPathTest, OthersMustNotBeAbleToEnterTheDirectory) {
  for (mode_t mode : {0750, 0705, 0770, 0707, 01777}) {
    ASSERT_EQ(::chmod(dir_.path().c_str(), mode), 0);
    ExpectFault("others could replace it");
  }
}

TEST_F(GraftPathTest, TheDirectoryMustBeOneThatNobodyElseCanReplace) {
  const std::string above = dir_ / "above", inside = above + "/inside";
  std::filesystem::create_directories(inside);
  ASSERT_EQ(::chmod(inside.c_str(), 0700), 0);
  std::filesystem::create_symlink(store_, inside + "/link");
  ASSERT_EQ(::chmod(above.c_str(), 0755), 0);
  EXPECT_EQ(Fault(inside + "/link"), "");
  ASSERT_EQ(::chmod(above.c_str(), 0777), 0);
  EXPECT_NE(Fault(inside + "/link").find("others could replace it"), std::string::npos);
  std::filesystem::create_directory_symlink(inside, dir_ / "way");
  EXPECT_NE(Fault(dir_ / "way/link").find("is in no directory"), std::string::npos);
  std::filesystem::remove_all(inside);
  ASSERT_EQ(::chmod(above.c_str(), 0755), 0);
  EXPECT_NE(Fault(inside + "/link").find("is gone"), std::string::npos);
}

TEST_F(GraftPathTest, AMountIsRefused) {
  EXPECT_STREQ(GraftDirectoryFault("/proc"), "the directory of the graft path is a mount:");
}

}  // namespace
}  // namespace reloc
