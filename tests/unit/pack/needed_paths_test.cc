// How programs use it is in tests/conformance/library_search_test.py.
#include "reloc/pack/needed_paths.h"

#include <gmock/gmock.h>

#include "tests/unit/pack/fixture.h"
#include "tests/unit/pack/make_elf.h"

namespace reloc {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

const std::vector<NeededPath> kPaths = {{"libb.so", "/gnu/store/b/lib/libb.so"},
                                        {"libx.so", "/gnu/store/x/libx.so"}};

ElfInfo Parse(const std::string& bytes) {
  const auto elf = ParseElf(std::as_bytes(std::span(bytes)));
  EXPECT_TRUE(elf.ok()) << elf.status();
  return elf.ok() ? *elf : ElfInfo();
}

ElfSpec Sample() {
  return {.needed = {"liba.so", "libb.so"},
          .runpath = "/gnu/store/b/lib",
          .soname = "me.so",
          .versioned = {"libb.so", "liba.so"}};
}

void ExpectWritten(const std::string& bytes) {
  const ElfInfo elf = Parse(bytes);
  EXPECT_THAT(elf.needed, ElementsAre("liba.so", "/gnu/store/b/lib/libb.so"));
  EXPECT_THAT(elf.versioned, ElementsAre("/gnu/store/b/lib/libb.so", "liba.so"));
  EXPECT_EQ(elf.runpath, "/gnu/store/b/lib");
  EXPECT_EQ(elf.soname, "me.so");
}

TEST(NeededPathsTest, TheSegmentGrowsWhereNothingIsBehindIt) {
  std::string bytes = MakeElf(Sample());
  ASSERT_TRUE(WriteNeededPaths(kPaths, &bytes));
  ExpectWritten(bytes);
}

TEST(NeededPathsTest, ElseANoteBecomesASegmentAtTheEnd) {
  ElfSpec spec = Sample();
  spec.full = true;
  std::string bytes = MakeElf(spec);
  const std::string before = bytes;
  EXPECT_FALSE(WriteNeededPaths(kPaths, &bytes));
  EXPECT_EQ(bytes, before);

  spec.note = true;
  bytes = MakeElf(spec);
  ASSERT_TRUE(WriteNeededPaths(kPaths, &bytes));
  ExpectWritten(bytes);
  Elf64_Phdr last;
  std::memcpy(&last, bytes.data() + sizeof(Elf64_Ehdr) + 2 * sizeof last, sizeof last);
  EXPECT_EQ(last.p_type, uint32_t{PT_LOAD});
  EXPECT_EQ(last.p_vaddr, 0x13000u);  // after the data that exist only in memory
  EXPECT_EQ(last.p_vaddr % last.p_align, last.p_offset % last.p_align);
}

TEST(NeededPathsTest, WhatNeedsNoneOfThemIsNotTouched) {
  std::string bytes = MakeElf({.needed = {"liba.so"}});
  EXPECT_FALSE(WriteNeededPaths(kPaths, &bytes));
  for (size_t size = 0; size < bytes.size(); ++size) {
    std::string cut = bytes.substr(0, size);
    EXPECT_FALSE(WriteNeededPaths(kPaths, &cut));
  }
}

class PlanTest : public PackTest {
 protected:
  std::string Put(char item, const std::string& path, const ElfSpec& spec) {
    Write(absl::StrCat("store/", Item(item, "item"), "/", path), MakeElf(spec));
    paths_.push_back(absl::StrCat("/gnu/store/", Item(item, "item"), "/", path));
    return paths_.back();
  }
  static std::string LibOf(char item) { return absl::StrCat("/gnu/store/", Item(item, "item"), "/lib"); }

  // Returns the paths planned for the object.
  std::vector<std::string> For(const std::string& object) {
    NeededPaths plan = PlanNeededPaths(Store(), FindLibraries(Store(), paths_));
    std::vector<std::string> paths;
    for (const NeededPath& path : plan[object]) paths.push_back(path.path);
    return paths;
  }

  std::vector<std::string> paths_;
};

TEST_F(PlanTest, NamesOfOneFile) {
  const std::string a = Put('a', "bin/a", {.needed = {"libb.so"}, .runpath = LibOf('b')});
  const std::string b = Put('b', "lib/libb.so", {.soname = "libb.so"});
  EXPECT_THAT(For(a), ElementsAre(b));
  Put('c', "lib/libb.so", {.soname = "libb.so"});
  EXPECT_THAT(For(a), IsEmpty());
}

TEST_F(PlanTest, NotWithoutThatSoname) {
  const std::string a = Put('a', "bin/a", {.needed = {"libb.so", "libd.so"}, .runpath = LibOf('b')});
  Put('b', "lib/libb.so", {});
  Put('b', "lib/libd.so", {.soname = "libd.so.1"});
  EXPECT_THAT(For(a), IsEmpty());
}

TEST_F(PlanTest, NotWhatAnotherObjectFindsInAWayOfItsOwn) {
  const std::string a = Put('a', "bin/a", {.needed = {"libb.so"}, .runpath = LibOf('b')});
  Put('b', "lib/libb.so", {.soname = "libb.so"});
  Put('c', "lib/libc.so", {.needed = {"libb.so"}, .runpath = "/usr/lib/of/the/host:" + LibOf('b')});
  EXPECT_THAT(For(a), IsEmpty());
}

TEST_F(PlanTest, NotWhatAnotherObjectExpectsToBeLoadedUnderThatName) {
  const std::string a = Put('a', "bin/a", {.needed = {"libb.so"}, .runpath = LibOf('b')});
  Put('b', "lib/libb.so", {.soname = "libb.so"});
  Put('c', "lib/libc.so", {.versioned = {"libb.so"}});
  EXPECT_THAT(For(a), IsEmpty());
}

}  // namespace
}  // namespace reloc
