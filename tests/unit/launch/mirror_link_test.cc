#include "reloc/launch/mirror_link.h"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "reloc/base/file.h"
#include "tests/unit/launch/temp_dir.h"

namespace reloc {
namespace {

class MirrorLinkTest : public testing::Test {
 protected:
  MirrorLinkTest() {
    std::filesystem::create_directory(dir_ / "mirrors");
    fd_ = *Open(dir_.path().c_str(), O_PATH | O_DIRECTORY);
    digest_.fill(0xa5);
    digest_[0] = 1;
  }
  std::string Link(const std::string& kind) {
    return dir_ / "mirrors/01a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5" + kind;
  }

  TempDir dir_;
  UniqueFd fd_;
  PackDigest digest_;
  PathText path_;
};

TEST_F(MirrorLinkTest, FindsEachKindByTheDigest) {
  std::filesystem::create_symlink("/cache/plain", Link(".plain"));
  std::filesystem::create_symlink("/tmp/abcde", Link(".graft"));
  ASSERT_TRUE(FindMirror(fd_.get(), digest_, kPlainMirror, &path_).ok());
  EXPECT_EQ(path_.view(), "/cache/plain");
  path_.Clear();
  ASSERT_TRUE(FindMirror(fd_.get(), digest_, kGraftedMirror, &path_).ok());
  EXPECT_EQ(path_.view(), "/tmp/abcde");
}

TEST_F(MirrorLinkTest, NoMirrorNoDaemonAndNoDigestAreTheSame) {
  EXPECT_EQ(FindMirror(fd_.get(), digest_, kPlainMirror, &path_).value, ENOENT);
  EXPECT_EQ(FindMirror(-1, digest_, kPlainMirror, &path_).value, ENOENT);
  std::filesystem::create_symlink("/x", dir_ / "mirrors/" + std::string(32, '0') + ".plain");
  EXPECT_EQ(FindMirror(fd_.get(), PackDigest{}, kPlainMirror, &path_).value, ENOENT);
  EXPECT_TRUE(path_.empty());
}

TEST_F(MirrorLinkTest, RefusesWhatIsNoAbsolutePath) {
  std::filesystem::create_symlink("../elsewhere", Link(".plain"));
  EXPECT_EQ(FindMirror(fd_.get(), digest_, kPlainMirror, &path_).value, EINVAL);
}

}  // namespace
}  // namespace reloc
