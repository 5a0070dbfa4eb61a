#include "daemon/instance_dir.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "tests/unit/launch/temp_dir.h"

namespace reloc {
namespace {

using testing::HasSubstr;

MATCHER_P(IsOkAndHolds, value, "") { return arg.ok() && *arg == value; }

class InstanceDirTest : public testing::Test {
 protected:
  absl::Status Open() { return InstanceDir::Open(path_).status(); }

  TempDir temp_;
  std::string path_ = temp_ / "daemon";
};

TEST_F(InstanceDirTest, IsMadeForTheUserAlone) {
  mode_t before = umask(0);
  auto dir = InstanceDir::Open(path_);
  umask(before);
  ASSERT_TRUE(dir.ok()) << dir.status();
  struct stat st;
  ASSERT_EQ(stat(path_.c_str(), &st), 0);
  EXPECT_EQ(st.st_mode & 07777, 0700u);
}

TEST_F(InstanceDirTest, IsHeldByOneAtATime) {
  auto first = InstanceDir::Open(path_);
  ASSERT_TRUE(first.ok());
  absl::Status second = Open();
  EXPECT_TRUE(absl::IsAlreadyExists(second));
  EXPECT_THAT(std::string(second.message()), HasSubstr("already running in " + path_));
  first->reset();
  EXPECT_TRUE(Open().ok());
}

TEST_F(InstanceDirTest, OneThatIsOpenToOthersIsRefusedAndLeftAlone) {
  ASSERT_EQ(mkdir(path_.c_str(), 0700), 0);
  ASSERT_EQ(chmod(path_.c_str(), 0750), 0);
  EXPECT_THAT(std::string(Open().message()), HasSubstr("is not mode 0700"));
  EXPECT_NE(access((path_ + "/lock").c_str(), F_OK), 0);
}

TEST_F(InstanceDirTest, ASymlinkAndAFileAreRefused) {
  ASSERT_EQ(mkdir((temp_ / "elsewhere").c_str(), 0700), 0);
  ASSERT_EQ(symlink("elsewhere", path_.c_str()), 0);
  EXPECT_THAT(std::string(Open().message()), HasSubstr("is a symlink"));
  ASSERT_EQ(unlink(path_.c_str()), 0);
  ASSERT_EQ(mknod(path_.c_str(), S_IFREG | 0700, 0), 0);
  EXPECT_THAT(std::string(Open().message()), HasSubstr("is not a directory"));
}

TEST_F(InstanceDirTest, WhatWasRemovedIsMadeAgainUnderTheSameNumber) {
  auto dir = InstanceDir::Open(path_);
  ASSERT_TRUE(dir.ok());
  const int fd = (*dir)->fd();
  ASSERT_EQ(unlink((path_ + "/lock").c_str()), 0);
  EXPECT_THAT((*dir)->Mend((*dir)->path()), IsOkAndHolds(false));
  EXPECT_TRUE(absl::IsAlreadyExists(Open()));
  std::filesystem::remove_all(path_);
  EXPECT_THAT((*dir)->Mend((*dir)->path()), IsOkAndHolds(true));
  EXPECT_TRUE(absl::IsAlreadyExists(Open()));
  EXPECT_EQ((*dir)->fd(), fd);
  EXPECT_EQ(faccessat(fd, "lock", F_OK, 0), 0);
  EXPECT_THAT((*dir)->Mend((*dir)->path()), IsOkAndHolds(false));
}

TEST_F(InstanceDirTest, AnothersPlaceIsNotTakenBack) {
  auto older = InstanceDir::Open(path_);
  ASSERT_TRUE(older.ok());
  std::filesystem::remove_all(path_);
  auto newer = InstanceDir::Open(path_);
  ASSERT_TRUE(newer.ok());
  EXPECT_TRUE(absl::IsAlreadyExists((*older)->Mend((*older)->path()).status()));
}

TEST_F(InstanceDirTest, AMissingParentIsNamed) {
  path_ = temp_ / "missing/daemon";
  EXPECT_THAT(std::string(Open().message()), HasSubstr(path_));
}

}  // namespace
}  // namespace reloc
