#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <string>

#include "reloc/launch/program_path.h"
#include "tests/unit/launch/temp_dir.h"

namespace reloc {
namespace {

class FindProgramTest : public testing::Test {
 protected:
  std::string MakeProgram(const std::string& name, mode_t mode) {
    std::string path = temp_ / name;
    std::ofstream(path) << "#!/bin/sh\n";
    EXPECT_EQ(::chmod(path.c_str(), mode), 0);
    return path;
  }

  std::string Find(const std::string& own, const std::string& search_path) {
    const std::string variable = "PATH=" + search_path;
    const char* envp[] = {variable.c_str(), nullptr};
    PathText path;
    return FindProgram(own, "proot", envp, &path).ok() ? path.c_str() : "";
  }

  TempDir temp_;
};

TEST_F(FindProgramTest, ItsOwnComesFirst) {
  const std::string own = MakeProgram("own", 0755), other = MakeProgram("proot", 0755);
  EXPECT_EQ(Find(own, temp_.path()), own);
  EXPECT_EQ(Find(temp_ / "missing", temp_.path()), other);
  EXPECT_EQ(Find("", "/nowhere:" + temp_.path()), other);
}

TEST_F(FindProgramTest, RelativeElementsAreNotTaken) {
  MakeProgram("proot", 0755);
  EXPECT_NE(Find("", ".::relative"), "./proot");
  EXPECT_EQ(Find("", ".:" + temp_.path()), temp_ / "proot");
}

TEST_F(FindProgramTest, WhatCannotBeExecutedIsPassedOver) {
  const std::string plain = MakeProgram("proot", 0644);
  EXPECT_NE(Find(plain, temp_.path()), plain);
}

}  // namespace
}  // namespace reloc
