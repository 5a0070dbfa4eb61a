#include "reloc/pack/libraries.h"

#include <gmock/gmock.h>

#include <cstddef>

#include "absl/strings/escaping.h"
#include "reloc/base/library_index.h"
#include "reloc/pack/library_index.h"
#include "tests/unit/pack/fixture.h"
#include "tests/unit/pack/make_elf.h"

namespace reloc {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class LibrariesTest : public PackTest {
 protected:
  static std::string In(char item, const std::string& path) {
    return absl::StrCat(Item(item, "item"), "/", path);
  }
  static std::string StorePathOf(char item, const std::string& path) {
    return absl::StrCat("/gnu/store/", In(item, path));
  }
  static std::string LibOf(char item) { return StorePathOf(item, "lib"); }

  void Put(char item, const std::string& path, const ElfSpec& spec) {
    Write(absl::StrCat("store/", In(item, path)), MakeElf(spec));
    paths_.push_back(StorePathOf(item, path));
  }
  void PutLink(char item, const std::string& path, const std::string& target) {
    Link(absl::StrCat("store/", In(item, path)), target);
    paths_.push_back(StorePathOf(item, path));
  }

  ObjectLibraries Of(const std::string& path) {
    for (const ObjectLibraries& object : FindLibraries(Store(), paths_).objects)
      if (object.object == path) return object;
    ADD_FAILURE() << path << " is no object";
    return {};
  }
  // Returns "file" or, if found by DT_RPATH, "rpath file"; then the names that ld.so has to find.
  std::vector<std::string> Told(char item, const std::string& path) {
    const ObjectLibraries object = Of(StorePathOf(item, path));
    std::vector<std::string> told;
    for (const FoundLibrary& library : object.found)
      told.push_back(absl::StrCat(library.rpath ? "rpath " : "", library.file));
    for (const std::string& name : object.not_found) told.push_back(absl::StrCat("not ", name));
    return told;
  }

  std::vector<std::string> paths_;
};

TEST_F(LibrariesTest, TheFirstDirectoryOfTheRunpathThatHasIt) {
  Put('a', "bin/a",
      {.needed = {"libb.so"}, .runpath = absl::StrCat(LibOf('x'), ":", LibOf('b'), "/:", LibOf('c'))});
  Put('b', "lib/libb.so", {});
  Put('c', "lib/libb.so", {});
  EXPECT_THAT(Told('a', "bin/a"), ElementsAre(StorePathOf('b', "lib/libb.so")));
}

TEST_F(LibrariesTest, OwnRpathComesBeforeLdLibraryPathAndIsIgnoredBesideARunpath) {
  Put('a', "bin/a", {.needed = {"libb.so"}, .rpath = LibOf('b')});
  Put('c', "bin/c", {.needed = {"libb.so"}, .runpath = LibOf('x'), .rpath = LibOf('b')});
  Put('b', "lib/libb.so", {});
  EXPECT_THAT(Told('a', "bin/a"), ElementsAre("rpath " + StorePathOf('b', "lib/libb.so")));
  EXPECT_THAT(Told('c', "bin/c"), ElementsAre("not libb.so"));
}

TEST_F(LibrariesTest, WhatIsInheritedOrBuiltIntoTheLoaderIsLeftToIt) {
  Put('a', "bin/a", {.needed = {"libb.so"}, .rpath = absl::StrCat(LibOf('b'), ":", LibOf('c'))});
  Put('b', "lib/libb.so", {.needed = {"libc.so.6", "libd.so"}});
  Put('c', "lib/libd.so", {});
  EXPECT_THAT(Told('b', "lib/libb.so"), ElementsAre("not libc.so.6", "not libd.so"));
}

TEST_F(LibrariesTest, OriginIsTheDirectoryOfThePathThatWasOpened) {
  Put('a', "lib/liba.so.1", {.needed = {"libb.so"}, .runpath = "$ORIGIN:${ORIGIN}/../more"});
  PutLink('p', "lib/liba.so", absl::StrCat("../../", In('a', "lib/liba.so.1")));
  Put('a', "more/libb.so", {});
  Put('p', "more/libb.so", {});
  EXPECT_THAT(Told('a', "lib/liba.so.1"), ElementsAre(StorePathOf('a', "lib/../more/libb.so")));
  EXPECT_THAT(Told('p', "lib/liba.so"), ElementsAre(StorePathOf('p', "lib/../more/libb.so")));
}

TEST_F(LibrariesTest, ALibraryIsAnObjectUnderThePathThatItIsFoundAt) {
  Put('a', "bin/a", {.needed = {"libb.so"}, .runpath = "$ORIGIN/../lib"});
  Put('a', "lib/libb.so", {.needed = {"libd.so"}, .runpath = "$ORIGIN"});
  Put('a', "lib/libd.so", {});
  EXPECT_THAT(Told('a', "bin/../lib/libb.so"), ElementsAre(StorePathOf('a', "bin/../lib/libd.so")));
}

TEST_F(LibrariesTest, WhatLiesOutsideOfTheStoreMayBeThereOnAnotherHost) {
  Put('b', "lib/libb.so", {});
  PutLink('e', "out", "/nonexistent/on/this/host");
  for (std::string before :
       {std::string("/usr/lib/x"), std::string("lib"), std::string(""), std::string("$LIB"),
        std::string("/gnu/store/../../x"), StorePathOf('e', "out"), StorePathOf('e', "out/lib")}) {
    Put('a', "bin/a", {.needed = {"libb.so"}, .runpath = absl::StrCat(before, ":", LibOf('b'))});
    EXPECT_THAT(Told('a', "bin/a"), ElementsAre("not libb.so")) << before;
  }
}

TEST_F(LibrariesTest, WhatDependsOnTheProcessorIsLeftToTheLoader) {
  Put('a', "bin/a", {.needed = {"libb.so", "libd.so"}, .runpath = absl::StrCat(LibOf('x'), ":", LibOf('b'))});
  Put('b', "lib/libb.so", {});
  Put('b', "lib/libd.so", {});
  Put('x', "lib/glibc-hwcaps/x86-64-v3/libb.so", {});
  EXPECT_THAT(Told('a', "bin/a"), ElementsAre(StorePathOf('b', "lib/libd.so"), "not libb.so"));
  Put('x', "lib/tls/haswell/x86_64/libd.so", {});
  EXPECT_THAT(Told('a', "bin/a"), ElementsAre("not libb.so", "not libd.so"));
}

TEST_F(LibrariesTest, LibrariesOfOtherMachinesArePassedOver) {
  Put('a', "bin/a", {.needed = {"libb.so"}, .runpath = absl::StrCat(LibOf('x'), ":", LibOf('b'))});
  Put('x', "lib/libb.so", {.machine = EM_AARCH64});
  Put('b', "lib/libb.so", {});
  EXPECT_THAT(Told('a', "bin/a"), ElementsAre(StorePathOf('b', "lib/libb.so")));
  Write(absl::StrCat("store/", In('x', "lib/libb.so")), "INPUT(libb.so.1)\n");
  EXPECT_THAT(Told('a', "bin/a"), ElementsAre("not libb.so"));
}

TEST_F(LibrariesTest, NamesWithASlashAreNotSearchedFor) {
  Put('a', "bin/a", {.needed = {StorePathOf('b', "lib/libb.so")}, .runpath = LibOf('b')});
  Put('b', "lib/libb.so", {});
  EXPECT_THAT(Told('a', "bin/a"), IsEmpty());
}

class LibraryIndexTest : public LibrariesTest {
 protected:
  // Returns `name` for `object`, or "" if the index does not have it.
  static std::string Look(const std::string& bytes, const std::string& object, const std::string& name) {
    LibraryIndex index;
    LibraryIndex::Library library;
    if (!index.Parse(bytes) || !index.Find(object, name, &library)) return "";
    return absl::StrCat(library.rpath ? "rpath " : "", std::string(library.file));
  }
};

TEST_F(LibraryIndexTest, ReadsWhatWasWritten) {
  std::vector<ObjectLibraries> objects;
  for (int i = 0; i < 100; ++i) {
    const std::string path = absl::StrCat("/s/", i, "/lib.so");
    objects.push_back(
        {path, path, {{"one", absl::StrCat("/s/one", i), "", true}, {"two", "/s/two", "", false}}, {}});
  }
  const std::string bytes = EncodeLibraryIndex("/s", objects);
  for (int i = 0; i < 100; ++i) {
    const std::string object = absl::StrCat("/", i, "/lib.so");
    EXPECT_EQ(Look(bytes, object, "one"), absl::StrCat("rpath /one", i));
    EXPECT_EQ(Look(bytes, object, "two"), "/two");
    EXPECT_EQ(Look(bytes, object, "three"), "");
  }
  EXPECT_EQ(Look(bytes, "/100/lib.so", "one"), "");
}

TEST_F(LibraryIndexTest, AnEmptyOneTellsNothing) {
  EXPECT_EQ(Look(EncodeLibraryIndex("/s", {}), "", ""), "");
  LibraryIndex none;
  LibraryIndex::Library library;
  EXPECT_FALSE(none.Find("/a", "b", &library));
}

TEST_F(LibraryIndexTest, RefusesOtherVersionsAndOtherSizes) {
  const std::string bytes = EncodeLibraryIndex("/s", {{"/s/a", "/s/a", {{"b", "/s/b", "", false}}, {}}});
  LibraryIndex index;
  EXPECT_TRUE(index.Parse(bytes));
  EXPECT_FALSE(index.Parse(std::string_view(bytes).substr(0, bytes.size() - 1)));
  EXPECT_FALSE(index.Parse(bytes + '\0'));
  std::string next = bytes;
  ++next[offsetof(LibraryIndexHeader, version)];
  EXPECT_FALSE(index.Parse(next));
}

// Modules of other versions read the format: a change here needs a new kLibraryIndexVersion.
TEST_F(LibraryIndexTest, IsWrittenAsItAlwaysWas) {
  std::ifstream file(GOLDEN_DIR "/libraries_v1.hex");
  const std::string golden{std::istreambuf_iterator<char>(file), {}};
  const std::string bytes =
      EncodeLibraryIndex("/s", {{"/s/a", "/s/a", {{"b", "/s/b", "", false}, {"c", "/s/c", "", true}}, {}},
                                {"/s/b", "/s/b", {}, {"c"}}});
  EXPECT_EQ(absl::BytesToHexString(bytes) + "\n", golden);
}

}  // namespace
}  // namespace reloc
