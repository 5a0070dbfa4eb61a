#include "reloc/graft/graft_paths.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <string>

#include "reloc/launch/graft_path.h"
#include "tests/unit/launch/temp_dir.h"

namespace reloc {
namespace {

namespace fs = std::filesystem;

class GraftPathsTest : public testing::Test {
 protected:
  GraftPathsTest() { fs::create_directories(store_); }
  ~GraftPathsTest() override {
    for (const std::string& path : made_) fs::remove(path);
  }
  std::string Make(size_t length) {
    absl::StatusOr<std::string> path = MakeGraftPath(cache_.path(), store_, length);
    EXPECT_TRUE(path.ok()) << path.status();
    if (path.ok()) made_.push_back(*path);
    return path.value_or("");
  }

  TempDir cache_;
  std::string mirror_ = cache_ / "mirrors/01.graft";
  std::string store_ = mirror_ + "/gnu/store";
  std::vector<std::string> made_;
};

TEST_F(GraftPathsTest, ArePreciselyAsLongAsThePrefix) {
  for (size_t length = kMinGraftPath; length < 100; ++length) {
    const std::string path = Make(length);
    EXPECT_EQ(path.size(), length);
    EXPECT_EQ(fs::read_symlink(path), store_);
    EXPECT_EQ(GraftPathFault(path.c_str(), store_), nullptr);
  }
}

TEST_F(GraftPathsTest, LieInTheCacheWhereTheyFit) {
  EXPECT_EQ(Make(10).find("/tmp/"), 0u);
  EXPECT_EQ(Make(48).find(cache_ / "g/"), 0u);
  EXPECT_FALSE(MakeGraftPath(cache_.path(), store_, kMinGraftPath - 1).ok());
  EXPECT_FALSE(MakeGraftPath(cache_.path(), store_, 1000).ok());
}

TEST_F(GraftPathsTest, AreNotInACacheThatAShellWouldTakeApart) {
  const std::string spaced = cache_ / "a cache";
  fs::create_directory(spaced);
  absl::StatusOr<std::string> path = MakeGraftPath(spaced, store_, 60);
  ASSERT_TRUE(path.ok()) << path.status();
  made_.push_back(*path);
  EXPECT_EQ(path->find(spaced), path->npos);
}

TEST_F(GraftPathsTest, AreTouchedAndMadeAnew) {
  const std::string path = Make(48);
  const timespec old[2] = {{1, 0}, {1, 0}};
  ASSERT_EQ(::utimensat(AT_FDCWD, path.c_str(), old, AT_SYMLINK_NOFOLLOW), 0);
  ASSERT_TRUE(KeepGraftPath(path, store_).ok());
  struct stat st;
  ASSERT_EQ(::lstat(path.c_str(), &st), 0);
  EXPECT_GT(st.st_mtim.tv_sec, 1);
  fs::remove(path);
  ASSERT_TRUE(KeepGraftPath(path, store_).ok());
  EXPECT_EQ(fs::read_symlink(path), store_);
}

TEST_F(GraftPathsTest, AreGivenUpWhenTheNameIsSomethingElse) {
  const std::string path = Make(48);
  fs::remove(path);
  fs::create_directory(path);
  EXPECT_TRUE(absl::IsFailedPrecondition(KeepGraftPath(path, store_)));
  EXPECT_TRUE(RemoveGraftPath(path, store_).ok());
  EXPECT_TRUE(fs::is_directory(path));
}

TEST_F(GraftPathsTest, AreRemovedOnceNoMirrorHasThem) {
  const std::string used = Make(48), unused = Make(48), shared = Make(10);
  fs::create_directory(mirror_ + "/.reloc");
  ASSERT_TRUE(NoteGraftPath(mirror_ + "/.reloc", used).ok());
  EXPECT_EQ(ReadGraftPath(mirror_).value_or(""), used);
  {
    absl::StatusOr<GraftPathsInUse> making = GraftPathsInUse::Begin(cache_.path());
    ASSERT_TRUE(making.ok());
    ASSERT_TRUE(RemoveStaleGraftPaths(cache_.path()).ok());
    EXPECT_TRUE(fs::is_symlink(unused));
  }
  ASSERT_TRUE(RemoveStaleGraftPaths(cache_.path()).ok());
  EXPECT_TRUE(fs::is_symlink(used));
  EXPECT_FALSE(fs::is_symlink(unused));
  EXPECT_FALSE(fs::is_symlink(shared));
  ASSERT_TRUE(RemoveGraftPath(used, store_).ok());
  EXPECT_FALSE(fs::is_symlink(used));
}

}  // namespace
}  // namespace reloc
