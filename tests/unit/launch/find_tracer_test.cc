#include "reloc/launch/find_tracer.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <string>

#include "tests/unit/launch/temp_dir.h"

namespace reloc {
namespace {

class FindTracerTest : public testing::Test {
 protected:
  std::string MakeProgram(const std::string& name, mode_t mode) {
    std::string path = temp_ / name;
    std::ofstream(path) << "#!/bin/sh\n";
    EXPECT_EQ(::chmod(path.c_str(), mode), 0);
    return path;
  }

  std::string Find(const std::string& packs_own, const std::string& search_path) {
    const std::string variable = "PATH=" + search_path;
    const char* envp[] = {variable.c_str(), nullptr};
    PathText path;
    return FindTracer(packs_own, envp, &path).ok() ? path.c_str() : "";
  }

  TempDir temp_;
};

TEST_F(FindTracerTest, ThePacksOwnComesFirst) {
  const std::string own = MakeProgram("own", 0755), other = MakeProgram("proot", 0755);
  EXPECT_EQ(Find(own, temp_.path()), own);
  EXPECT_EQ(Find(temp_ / "missing", temp_.path()), other);
  EXPECT_EQ(Find("", "/nowhere:" + temp_.path()), other);
}

TEST_F(FindTracerTest, RelativeElementsAreNotTaken) {
  MakeProgram("proot", 0755);
  EXPECT_NE(Find("", ".::relative"), "./proot");
  EXPECT_EQ(Find("", ".:" + temp_.path()), temp_ / "proot");
}

TEST_F(FindTracerTest, WhatCannotBeExecutedIsPassedOver) {
  const std::string plain = MakeProgram("proot", 0644);
  EXPECT_NE(Find(plain, temp_.path()), plain);
}

}  // namespace
}  // namespace reloc
