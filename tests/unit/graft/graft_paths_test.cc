#include "reloc/graft/graft_paths.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <set>
#include <string>

#include "reloc/graft/graft_directory.h"
#include "reloc/launch/graft_path.h"
#include "tests/unit/launch/temp_dir.h"

namespace reloc {
namespace {

namespace fs = std::filesystem;

class GraftPathsTest : public testing::Test {
 protected:
  GraftPathsTest() { fs::create_directories(store_); }
  ~GraftPathsTest() override {
    for (const std::string& directory : taken_) fs::remove_all(directory);
  }
  std::string Make(size_t length) {
    absl::StatusOr<GraftPath> path = MakeGraftPath(cache_.path(), store_, length);
    EXPECT_TRUE(path.ok()) << path.status();
    if (!path.ok()) return "";
    Note(path->path);
    return path->path;
  }
  // Those in /tmp are never removed.
  void Note(const std::string& path) {
    if (path.find("/tmp/") == 0 && path.find('/', 5) == 7) taken_.insert(path.substr(0, 7));
  }

  TempDir cache_;
  std::string mirror_ = cache_ / "mirrors/01.graft";
  std::string store_ = mirror_ + "/gnu/store";
  std::set<std::string> taken_;  // directories in /tmp
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
  const std::string shared = Make(10);
  EXPECT_EQ(shared.find("/tmp/"), 0u);
  EXPECT_EQ(shared.find('/', 5), 7u);
  EXPECT_EQ(Make(48).find(cache_ / "g/"), 0u);
  EXPECT_FALSE(MakeGraftPath(cache_.path(), store_, kMinGraftPath - 1).ok());
  EXPECT_FALSE(MakeGraftPath(cache_.path(), store_, 1000).ok());
}

TEST_F(GraftPathsTest, AreNotInACacheThatAShellWouldTakeApart) {
  const std::string spaced = cache_ / "a cache";
  fs::create_directory(spaced);
  absl::StatusOr<GraftPath> path = MakeGraftPath(spaced, store_, 60);
  ASSERT_TRUE(path.ok()) << path.status();
  Note(path->path);
  EXPECT_EQ(path->path.find(spaced), std::string::npos);
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

TEST_F(GraftPathsTest, AreTheSameForTheSameStore) {
  for (size_t length : {10, 48}) {
    const std::string path = Make(length);
    fs::remove_all(mirror_);
    absl::StatusOr<GraftPath> again = MakeGraftPath(cache_.path(), store_, length);
    ASSERT_TRUE(again.ok()) << again.status();
    EXPECT_EQ(again->path, path);
    EXPECT_FALSE(again->is_new);
    EXPECT_NE(MakeGraftPath(cache_.path(), store_ + "2", length)->path, path);
  }
}

TEST_F(GraftPathsTest, AreNotedInTheMirror) {
  const std::string path = Make(48);
  fs::create_directory(mirror_ + "/.reloc");
  ASSERT_TRUE(NoteGraftPath(mirror_ + "/.reloc", path).ok());
  EXPECT_EQ(ReadGraftPath(mirror_).value_or(""), path);
  ASSERT_TRUE(RemoveGraftPath(path, store_).ok());
  EXPECT_FALSE(fs::is_symlink(path));
}

class GraftDirectoryTest : public GraftPathsTest {
 protected:
  std::string Take() {
    absl::StatusOr<std::string> directory = TakeGraftDirectory(cache_.path());
    EXPECT_TRUE(directory.ok()) << directory.status();
    if (directory.ok()) taken_.insert(*directory);
    return directory.value_or("");
  }
};

TEST_F(GraftDirectoryTest, StaysTheSame) {
  const std::string directory = Take();
  EXPECT_EQ(fs::status(directory).permissions(), fs::perms::owner_all);
  EXPECT_EQ(Take(), directory);
  fs::remove(cache_ / "graft-dir");  // with the cache, which is made again
  EXPECT_EQ(Take(), directory);
}

TEST_F(GraftDirectoryTest, IsMadeAgainWhenACleanerRemovedIt) {
  const std::string directory = Take();
  fs::remove_all(directory);
  EXPECT_EQ(Take(), directory);
  fs::remove_all(directory);
  EXPECT_TRUE(RenewGraftNames(cache_.path()));
  EXPECT_TRUE(fs::is_directory(directory));
}

TEST_F(GraftDirectoryTest, IsAnotherWhenTheNameIsSomethingElse) {
  const std::string directory = Take();
  fs::remove_all(directory);
  fs::create_directory_symlink(cache_.path(), directory);
  const std::string other = Take();
  EXPECT_NE(other, directory);
  EXPECT_TRUE(fs::is_symlink(directory));
  EXPECT_EQ(Take(), other);
  fs::permissions(other, fs::perms::owner_all | fs::perms::others_write);
  EXPECT_NE(Take(), other);
}

TEST_F(GraftDirectoryTest, OldNamesInTmpAreKept) {
  const std::string mirrors = cache_ / "mirrors",
                    old = "/tmp/old-graft-" + fs::path(cache_.path()).filename().string();
  EXPECT_FALSE(RenewGraftNames(cache_.path()));
  fs::create_symlink(mirrors + "/01.graft/gnu/store", old);
  const timespec past[2] = {{1, 0}, {1, 0}};
  ASSERT_EQ(::utimensat(AT_FDCWD, old.c_str(), past, AT_SYMLINK_NOFOLLOW), 0);
  EXPECT_TRUE(RenewGraftNames(cache_.path()));
  struct stat st;
  ASSERT_EQ(::lstat(old.c_str(), &st), 0);
  EXPECT_GT(st.st_mtim.tv_sec, 1);
  fs::remove(old);
}

}  // namespace
}  // namespace reloc
