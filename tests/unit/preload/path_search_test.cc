#include "preload/path_search.h"

#include <errno.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <string>
#include <vector>

namespace reloc {
namespace {

std::vector<std::string> Candidates(const char* name, const char* path) {
  if (path == nullptr) {
    unsetenv("PATH");
  } else {
    setenv("PATH", path, 1);
  }
  PathSearch search(name);
  std::vector<std::string> all;
  while (const char* next = search.Next()) all.push_back(next);
  return all;
}

using Paths = std::vector<std::string>;

TEST(PathSearch, LooksInEachDirectory) {
  EXPECT_EQ(Candidates("sed", "/a:/b"), (Paths{"/a/sed", "/b/sed"}));
  EXPECT_EQ(Candidates("sed", ":/b:"), (Paths{"sed", "/b/sed", "sed"}));
  EXPECT_EQ(Candidates("sed", ""), (Paths{"sed"}));
  EXPECT_EQ(Candidates("sed", nullptr), (Paths{"/bin/sed", "/usr/bin/sed"}));
}

TEST(PathSearch, TakesAPathAsItIs) {
  EXPECT_EQ(Candidates("./sed", "/a:/b"), (Paths{"./sed"}));
  EXPECT_EQ(Candidates("", "/a:/b"), Paths{});
}

TEST(PathSearch, RemembersThatAFileCouldNotBeExecuted) {
  PathSearch search("sed");
  EXPECT_EQ(search.error(), ENOENT);
  EXPECT_TRUE(search.GoesOnAfter(EACCES));
  EXPECT_TRUE(search.GoesOnAfter(ENOENT));
  EXPECT_EQ(search.error(), EACCES);
  EXPECT_FALSE(search.GoesOnAfter(E2BIG));
  EXPECT_EQ(search.error(), E2BIG);
}

}  // namespace
}  // namespace reloc
