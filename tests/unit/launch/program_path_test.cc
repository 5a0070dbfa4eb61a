#include "reloc/launch/program_path.h"

#include <gtest/gtest.h>

namespace reloc {
namespace {

TEST(InstallationPrefixTest, IsAboveBothPlacesOfPrograms) {
  EXPECT_EQ(InstallationPrefix("/opt/relocd/bin/relocctl"), "/opt/relocd");
  EXPECT_EQ(InstallationPrefix("/opt/relocd/libexec/relocd/relocctl"), "/opt/relocd");
  EXPECT_EQ(InstallationPrefix("/home/u/relocd/build/libexec/relocctl"), "/home/u/relocd/build");
  EXPECT_EQ(InstallationPrefix("/bin/relocctl"), "");
}

TEST(InstallationPrefixTest, IsNotMisledByNamesAboveIt) {
  EXPECT_EQ(InstallationPrefix("/usr/libexec/relocd/bin/relocctl"), "/usr/libexec/relocd");
  EXPECT_EQ(InstallationPrefix("/usr/libexec/tools/bin/relocctl"), "/usr/libexec/tools");
}

TEST(FindOwnPathTest, IsWhatWasExecuted) {
  char name[] = "own_path_test";
  char* argv[] = {name, nullptr};
  FixedText<4096> self;
  ASSERT_TRUE(FindOwnPath(argv, &self).ok());
  EXPECT_EQ(self.view().substr(self.view().rfind('/')), "/launch_test");
}

}  // namespace
}  // namespace reloc
