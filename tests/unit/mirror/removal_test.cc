// Removal while someone exchanges directories for symlinks: nothing outside may go.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <stdio.h>

#include <atomic>
#include <thread>

#include "reloc/hosted/files.h"
#include "reloc/mirror/directory_at.h"
#include "tests/unit/mirror/fixture.h"

namespace reloc {
namespace {

TEST_F(MirrorTest, RemovalStaysInTheTree) {
  for (int i = 0; i < 50; ++i) Write(absl::StrCat("outside/file", i), "canary");
  Link("link", Path("outside"));
  std::atomic<bool> done = false;
  std::jthread racer([&] {
    while (!done) {
      renameat2(AT_FDCWD, Path("trees/tree/a").c_str(), AT_FDCWD, Path("link").c_str(), RENAME_EXCHANGE);
    }
  });
  absl::StatusOr<UniqueFd> trees = [&] {
    std::filesystem::create_directories(Path("trees"));
    return OpenFile(Path("trees"), O_RDONLY | O_DIRECTORY);
  }();
  ASSERT_TRUE(trees.ok()) << trees.status();
  for (int round = 0; round < 200; ++round) {
    for (int i = 0; i < 20; ++i) {
      std::filesystem::create_directories(Path("trees/tree/b"));
      std::ofstream(Path(absl::StrCat("trees/tree/b/file", i))) << "x";
    }
    rename(Path("trees/tree/b").c_str(), Path("trees/tree/a").c_str());
    RemoveTreeAt(trees->get(), "tree", Path("trees")).IgnoreError();  // the racer may put something back
  }
  done = true;
  racer.join();
  // The canary's directory has been "outside" all the time: only what leads to it was moved.
  EXPECT_EQ(List("outside").size(), 50u);
}

TEST_F(MirrorTest, RemovalDoesNotFollowSymlinks) {
  Write("outside/file", "canary");
  Link("trees/tree/link", Path("outside"));
  Link("trees/top", Path("outside"));
  absl::StatusOr<UniqueFd> trees = OpenFile(Path("trees"), O_RDONLY | O_DIRECTORY);
  ASSERT_TRUE(trees.ok());
  for (const char* name : {"tree", "top", "absent"})
    EXPECT_TRUE(RemoveTreeAt(trees->get(), name, "trees").ok());
  EXPECT_TRUE(List("trees").empty());
  EXPECT_TRUE(Exists("outside/file"));
}

}  // namespace
}  // namespace reloc
