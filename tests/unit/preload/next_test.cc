#include "preload/next.h"

#include <dlfcn.h>
#include <gtest/gtest.h>

namespace reloc {
namespace {

TEST(FindNext, FindsTheDefaultVersion) {
  // There are two, and a reference without a version would get the older.
  ASSERT_NE(dlvsym(RTLD_DEFAULT, "realpath", "GLIBC_2.2.5"), dlvsym(RTLD_DEFAULT, "realpath", "GLIBC_2.3"));
  EXPECT_EQ(FindNext("realpath"), dlvsym(RTLD_DEFAULT, "realpath", "GLIBC_2.3"));
}

// Only programs that were linked to a glibc before 2.33 have it.
TEST(FindNext, FindsWhatHasNoDefaultVersion) {
  EXPECT_EQ(FindNext("__xstat"), dlvsym(RTLD_DEFAULT, "__xstat", "GLIBC_2.2.5"));
}

TEST(FindNext, FindsNothingElse) {
  EXPECT_EQ(FindNext("no_such_function"), nullptr);
  EXPECT_EQ(FindNext(""), nullptr);
}

TEST(Next, SaysThatAFunctionIsMissing) {
  static constinit Next<int(int)> missing("no_such_function");
  EXPECT_EQ(missing(1), -1);
  EXPECT_EQ(errno, ENOSYS);
}

}  // namespace
}  // namespace reloc
