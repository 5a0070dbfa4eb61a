#include "reloc/base/env.h"

#include <gtest/gtest.h>

namespace reloc {
namespace {

TEST(Env, FindsWholeNamesOnly) {
  const char* envp[] = {"PATHX=1", "PATH", "PATH=/bin", "PATH=/usr/bin", "EMPTY=", nullptr};
  EXPECT_EQ(EnvValue(envp, "PATH"), "/bin");
  EXPECT_STREQ(EnvLookup(envp, "EMPTY"), "");
  EXPECT_EQ(EnvLookup(envp, "PAT"), nullptr);
  EXPECT_EQ(EnvLookup(nullptr, "PATH"), nullptr);
}

}  // namespace
}  // namespace reloc
