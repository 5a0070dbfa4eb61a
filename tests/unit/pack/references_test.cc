#include "reloc/pack/references.h"

#include <gmock/gmock.h>

#include <random>

#include "tests/unit/pack/fixture.h"

namespace reloc {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;
using testing::UnorderedElementsAre;

class ReferencesTest : public PackTest {
 protected:
  References Find(const std::string& bytes) const {
    References found;
    finder_.Find(bytes, &found);
    return found;
  }
  References FindInFile(const std::string& content) {
    Write("file", content);
    References found;
    ProgressMeter meter({}, "scanning");
    EXPECT_TRUE(finder_.FindInFile(Path("file"), &meter, &found).ok());
    return found;
  }

  ReferenceFinder finder_{"/gnu/store", {Item('a', "one"), Item('b', "two.lock"), Item('b', "two")}};
};

TEST_F(ReferencesTest, FindsItemsWithAndWithoutPrefix) {
  EXPECT_THAT(Find(absl::StrCat("x/gnu/store/", Item('a', "one"), "/lib")).items, UnorderedElementsAre(0));
  EXPECT_THAT(Find(absl::StrCat("\x01", std::string(32, 'a'), "\x02")).items, UnorderedElementsAre(0));
  EXPECT_THAT(Find(std::string(31, 'a')).items, IsEmpty());
}

TEST_F(ReferencesTest, TakesTheShorterOfTwoNamesWithOneHash) {
  EXPECT_THAT(Find(std::string(32, 'b')).items, UnorderedElementsAre(2));
}

TEST_F(ReferencesTest, ReportsWhatTheStoreLacks) {
  References found = Find(absl::StrCat("a=/gnu/store/", Item('c', "gone-1.0"), "/lib:b"));
  EXPECT_THAT(found.items, IsEmpty());
  EXPECT_THAT(found.missing, ElementsAre(Pair(std::string(32, 'c'), Item('c', "gone-1.0"))));
}

TEST_F(ReferencesTest, DoesNotTakeExamplesForReferences) {
  EXPECT_THAT(Find(absl::StrCat("/nix/store/", Item('c', "gone"))).missing, IsEmpty());  // another store
  EXPECT_THAT(Find(absl::StrCat("/gnu/store/", std::string(32, 'e'), "-x")).missing, IsEmpty());  // no hash
  EXPECT_THAT(Find(absl::StrCat("/gnu/store/", std::string(32, 'c'))).missing, IsEmpty());        // no name
  EXPECT_THAT(Find(absl::StrCat("/gnu/store/", std::string(33, 'c'), "-x")).missing, IsEmpty());
}

// The reads are of 256 KiB; whatever crosses their border must be found whole.
TEST_F(ReferencesTest, FindsWhatLiesAcrossReads) {
  std::string reference = absl::StrCat("/gnu/store/", Item('a', "one"));
  std::string missing = absl::StrCat("/gnu/store/", Item('c', "a-rather-long-name"));
  for (size_t before : {0, 1, 11, 12, 30, 43, 44, 45, 60, 62}) {
    std::string padding((256 << 10) - before, '\0');
    References found = FindInFile(absl::StrCat(padding, reference, "/bin"));
    EXPECT_THAT(found.items, UnorderedElementsAre(0)) << before;
    EXPECT_THAT(found.missing, IsEmpty()) << before;
    found = FindInFile(absl::StrCat(padding, missing, "/bin"));
    EXPECT_THAT(found.missing, ElementsAre(Pair(std::string(32, 'c'), Item('c', "a-rather-long-name"))))
        << before;
  }
}

TEST_F(ReferencesTest, FindsTheLastBytesOfALargeFile) {
  EXPECT_THAT(FindInFile(absl::StrCat(std::string(1 << 20, '0'), std::string(32, 'a'))).items,
              UnorderedElementsAre(0));
}

// Compares the skipping search with one that reads everything, on bytes mostly of the hash alphabet.
TEST_F(ReferencesTest, AgreesWithAPlainSearch) {
  std::mt19937 random(1);
  for (int round = 0; round < 300; ++round) {
    std::string bytes(2000, ' ');
    for (char& c : bytes) c = "ab "[random() % 60 == 0 ? 2 : 0];
    for (int i = 0; i < 3; ++i) bytes.replace(random() % 1900, 32, 32, 'b');
    References found = Find(bytes);
    EXPECT_EQ(found.items.contains(0), bytes.find(std::string(32, 'a')) != bytes.npos);
    EXPECT_EQ(found.items.contains(2), bytes.find(std::string(32, 'b')) != bytes.npos);
  }
}

}  // namespace
}  // namespace reloc
