#include "daemon/instance_dir.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/launch/temp_dir.h"

namespace reloc {
namespace {

using testing::HasSubstr;

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
  EXPECT_THAT(std::string(Open().message()), HasSubstr("is not a directory"));
  ASSERT_EQ(unlink(path_.c_str()), 0);
  ASSERT_EQ(mknod(path_.c_str(), S_IFREG | 0700, 0), 0);
  EXPECT_THAT(std::string(Open().message()), HasSubstr("is not a directory"));
}

TEST_F(InstanceDirTest, AMissingParentIsNamed) {
  path_ = temp_ / "missing/daemon";
  EXPECT_THAT(std::string(Open().message()), HasSubstr(path_));
}

}  // namespace
}  // namespace reloc
