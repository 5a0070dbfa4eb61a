#include "reloc/launch/pack_files.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "tests/unit/launch/temp_dir.h"

namespace reloc {
namespace {

TEST(PackFiles, TheNearestPackAboveAProgram) {
  TempDir temp;
  std::filesystem::create_directories(temp / "outer/.reloc/plans");
  std::filesystem::create_directories(temp / "outer/x/inner/.reloc/plans");
  string_view dir, entry;
  std::string program = temp / "outer/x/inner/bin/sed";
  ASSERT_TRUE(FindPack(program, &dir, &entry));
  EXPECT_EQ(dir, temp / "outer/x/inner");
  EXPECT_EQ(entry, "bin/sed");
  program = temp / "outer/bin/sed";
  ASSERT_TRUE(FindPack(program, &dir, &entry));
  EXPECT_EQ(dir, temp / "outer");
  EXPECT_FALSE(FindPack("/nowhere/bin/sed", &dir, &entry));
}

TEST(PackFiles, ReadsThePlansOfAnEntry) {
  TempDir temp;
  std::filesystem::create_directories(temp / ".reloc/plans/bin");
  std::ofstream(temp / ".reloc/plans/bin/sed") << "plans";
  char memory[64];
  Result<size_t> size = ReadPlans(temp.path(), "bin/sed", memory);
  ASSERT_TRUE(size.ok());
  EXPECT_EQ(string_view(memory, *size), "plans");
  EXPECT_EQ(ReadPlans(temp.path(), "bin/awk", memory).error().value, ENOENT);
  char small[3];
  EXPECT_EQ(ReadPlans(temp.path(), "bin/sed", small).error().value, EFBIG);
}

TEST(PackFiles, FindsAnEntryWithItsPlans) {
  TempDir temp;
  std::filesystem::create_directories(temp / ".reloc/plans/bin");
  std::ofstream(temp / ".reloc/plans/bin/sed") << "plans";
  char memory[64];
  string_view dir, entry;
  std::string program = temp / "bin/sed";
  EXPECT_EQ(*ReadEntry(program, memory, &dir, &entry), 5u);
  EXPECT_EQ(dir, temp.path());
  EXPECT_EQ(entry, "bin/sed");
  program = temp / "share/deep/program";
  EXPECT_EQ(ReadEntry(program, memory, &dir, &entry).error().value, ENOENT);
  EXPECT_EQ(dir, temp.path());
  EXPECT_EQ(ReadEntry("/nowhere/bin/sed", memory, &dir, &entry).error().value, ENOENT);
  EXPECT_TRUE(dir.empty());
  EXPECT_EQ(ReadEntry("/sed", memory, &dir, &entry).error().value, ENOENT);
  EXPECT_TRUE(dir.empty());
}

}  // namespace
}  // namespace reloc
