#include "reloc/mirror/mirror_maker.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <thread>

#include "absl/strings/ascii.h"
#include "absl/strings/str_replace.h"
#include "tests/unit/mirror/fixture.h"

namespace reloc {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const std::string kText = absl::StrCat(Item('d', "data"), "/text");

TEST_F(MirrorTest, HoldsWhatThePackHolds) {
  MakePacks();
  absl::StatusOr<Mirror> mirror = Make("pack");
  ASSERT_TRUE(mirror.ok()) << mirror.status();
  EXPECT_EQ(mirror->pack, Path("pack"));
  EXPECT_EQ(mirror->store_prefix, "/gnu/store");
  EXPECT_EQ(ReadAt(InStore(*mirror, kText)), "hello\n");
  EXPECT_EQ(ReadAt(mirror->path + "/.reloc/lib/audit.so"), "the library");
  EXPECT_FALSE(std::filesystem::exists(mirror->path + "/.reloc/plans"));
  EXPECT_FALSE(std::filesystem::exists(mirror->path + "/bin"));
  EXPECT_TRUE(Cache().Verify(*mirror, {})->empty());
  EXPECT_TRUE(List("cache/tmp").empty());
}

TEST_F(MirrorTest, KeepsModesAndTimes) {
  MakePacks();
  const std::string item = absl::StrCat(Path("other/gnu/store/"), Item('r', "other"));
  const timespec times[2] = {{.tv_sec = 1, .tv_nsec = 0}, {.tv_sec = 1234567, .tv_nsec = 89}};
  for (const char* path : {"/bin/other", "/bin", ""}) {
    ASSERT_EQ(utimensat(AT_FDCWD, (item + path).c_str(), times, 0), 0);
  }
  absl::StatusOr<Mirror> mirror = Make("other");
  ASSERT_TRUE(mirror.ok()) << mirror.status();
  for (const char* path : {"/bin/other", "/bin", ""}) {
    struct stat original = Stat(item + path), copy = Stat(InStore(*mirror, Item('r', "other") + path));
    EXPECT_EQ(copy.st_mode, original.st_mode) << path;
    EXPECT_EQ(copy.st_mtim.tv_sec, 1234567) << path;
    EXPECT_EQ(copy.st_mtim.tv_nsec, 89) << path;
  }
}

TEST_F(MirrorTest, SharesEqualItems) {
  MakePacks();
  absl::StatusOr<Mirror> first = Make("pack"), second = Make("other");
  ASSERT_TRUE(first.ok() && second.ok()) << first.status() << second.status();
  EXPECT_EQ(Stat(InStore(*first, kText)).st_ino, Stat(InStore(*second, kText)).st_ino);
  ASSERT_TRUE(Cache().Remove(first->id).ok());
  EXPECT_TRUE(Cache().Verify(*second, {})->empty());
}

// One name, but other content in each pack.
TEST_F(MirrorTest, DoesNotShareItemsThatDiffer) {
  MakePacks();
  std::filesystem::remove(Path("store/" + kText));  // read-only
  Write("store/" + kText, "HELLO\n", 0444);
  MakePack("third", {Item('r', "other")});
  absl::StatusOr<Mirror> first = Make("pack"), third = Make("third");
  ASSERT_TRUE(first.ok() && third.ok()) << first.status() << third.status();
  EXPECT_EQ(ReadAt(InStore(*first, kText)), "hello\n");
  EXPECT_EQ(ReadAt(InStore(*third, kText)), "HELLO\n");
}

TEST_F(MirrorTest, IsMadeOnce) {
  MakePacks();
  absl::StatusOr<Mirror> first = Make("pack");
  ASSERT_TRUE(first.ok()) << first.status();
  const ino_t inode = Stat(first->path).st_ino;
  ASSERT_TRUE(Make("pack").ok());
  EXPECT_EQ(Stat(first->path).st_ino, inode);
}

TEST_F(MirrorTest, TwoMakersAtOnceBothHaveIt) {
  MakePacks();
  for (int round = 0; round < 20; ++round) {
    absl::StatusOr<Mirror> a, b;
    {
      std::jthread other([&] { a = Make("pack"); });
      b = Make("pack");
    }
    ASSERT_TRUE(a.ok() && b.ok()) << a.status() << b.status();
    EXPECT_EQ(a->path, b->path);
    EXPECT_TRUE(Cache().Verify(*a, {})->empty());
    EXPECT_TRUE(List("cache/tmp").empty());
    ASSERT_TRUE(Cache().Remove(a->id).ok());
  }
}

TEST_F(MirrorTest, RefusesOtherContentAndLeavesNothing) {
  MakePacks();
  std::filesystem::remove(Path("pack/gnu/store/" + kText));
  Write("pack/gnu/store/" + kText, "jello\n", 0444);
  absl::StatusOr<Mirror> mirror = Make("pack");
  EXPECT_EQ(mirror.status().code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(Message(mirror.status()), HasSubstr(Path("pack/gnu/store/" + kText) + " has other content"));
  ExpectNothingLeft();
}

// What a symlink leads to must not be read in the place of a file, nor in that of a directory.
TEST_F(MirrorTest, FollowsNoSymlinkOutOfThePack) {
  MakePacks();
  std::filesystem::rename(Path("pack/gnu/store/" + Item('d', "data")), Path("outside"));
  Link("pack/gnu/store/" + Item('d', "data"), Path("outside"));
  EXPECT_FALSE(Make("pack").ok());
  ExpectNothingLeft();
}

TEST_F(MirrorTest, RefusesAWrongDigest) {
  MakePacks();
  std::filesystem::copy_file(Path("other/.reloc/manifest.json"), Path("pack/.reloc/manifest.json"),
                             std::filesystem::copy_options::overwrite_existing);
  EXPECT_THAT(Message(Make("pack").status()), HasSubstr("its digest is another"));
  ExpectNothingLeft();
}

TEST_F(MirrorTest, SaysWhatToDoWithATreeThatIsNoPack) {
  std::filesystem::create_directories(Path("tree/gnu/store"));
  EXPECT_THAT(Message(Make("tree").status()), HasSubstr("relocctl pack adopt"));
}

TEST_F(MirrorTest, StopsWhenAsked) {
  MakePacks();
  auto stop = [](const Progress&) { return false; };
  absl::StatusOr<Mirror> mirror =
      MakeMirror(Cache(), {.pack = Path("pack"), .filter = nullptr, .may_evict = {}, .progress = stop});
  EXPECT_TRUE(absl::IsCancelled(mirror.status())) << mirror.status();
  ExpectNothingLeft();
}

TEST_F(MirrorTest, PacksWithOtherModulesHaveMirrorsOfTheirOwn) {
  MakePacks();
  Write("audit.so", "a newer library", 0755);
  MakePack("newer", {Item('h', "hello")});
  absl::StatusOr<Mirror> first = Make("pack"), newer = Make("newer");
  ASSERT_TRUE(first.ok() && newer.ok()) << first.status() << newer.status();
  EXPECT_EQ(ReadAt(first->path + "/.reloc/lib/audit.so"), "the library");
  EXPECT_EQ(ReadAt(newer->path + "/.reloc/lib/audit.so"), "a newer library");
}

// With the manifest of the pack, and all else as its maker likes.
TEST_F(MirrorTest, AFalseCopyOfThePackMakesNone) {
  MakePacks();
  std::filesystem::copy(Path("pack"), Path("copy"), std::filesystem::copy_options::recursive);
  Write("copy/.reloc/lib/audit.so", "an evil library", 0755);
  EXPECT_EQ(Make("copy").status().code(), absl::StatusCode::kDataLoss);
  ExpectNothingLeft();
  PackLists lists = *LoadLists(Path("copy"));
  for (pb::File& file : *lists.contents.mutable_own_files()) {
    if (file.path() == ".reloc/lib/audit.so") file.set_executable(false);
  }
  ASSERT_TRUE(SealLists(&lists).ok());
  Write("copy/.reloc/contents.json", lists.contents_json);
  EXPECT_THAT(Message(Make("copy").status()), HasSubstr("does not belong"));
  ExpectNothingLeft();
}

TEST_F(MirrorTest, AWholeOneStaysThoughAnotherPackHasItsDigest) {
  MakePacks();
  absl::StatusOr<Mirror> first = Make("pack");
  ASSERT_TRUE(first.ok()) << first.status();
  const ino_t inode = Stat(first->path).st_ino;
  std::filesystem::copy(Path("pack"), Path("copy"), std::filesystem::copy_options::recursive);
  absl::StatusOr<Mirror> second = Make("copy", [](const Mirror&) { return true; });
  ASSERT_TRUE(second.ok()) << second.status();
  EXPECT_EQ(Stat(second->path).st_ino, inode);
  EXPECT_EQ(second->pack, Path("pack"));
}

// What it shares with others may be damaged there, too.
TEST_F(MirrorTest, ADamagedOneIsMadeAgainWhenNothingUsesIt) {
  MakePacks();
  absl::StatusOr<Mirror> mirror = Make("pack"), other = Make("other");
  ASSERT_TRUE(mirror.ok() && other.ok()) << mirror.status() << other.status();
  const std::string text = InStore(*mirror, kText);
  ASSERT_EQ(chmod(text.c_str(), 0644), 0);
  std::ofstream(text) << "jello\n";
  EXPECT_THAT(Message(Make("pack").status()), HasSubstr("is damaged, and programs use it"));
  EXPECT_TRUE(Make("pack", [](const Mirror&) { return true; }).ok());
  EXPECT_EQ(ReadAt(text), "hello\n");
  EXPECT_TRUE(Cache().Verify(*mirror, {})->empty());
  EXPECT_EQ(Cache().Verify(*other, {})->size(), 1u);
}

TEST_F(MirrorTest, TellsWhichDigestsCoverMoreThanTheStore) {
  MakePacks();
  MakeOlder("other");
  absl::StatusOr<Mirror> mirror = Make("pack"), older = Make("other");
  ASSERT_TRUE(mirror.ok() && older.ok()) << mirror.status() << older.status();
  EXPECT_TRUE(mirror->covers_all);
  EXPECT_FALSE(older->covers_all);
  EXPECT_TRUE(Cache().Verify(*older, {})->empty());
}

TEST_F(MirrorTest, KeepsHolesAndLargeFiles) {
  FillStore();
  const std::string large = absl::StrCat("store/", Item('d', "data"), "/large");
  Write(large, std::string(300 << 10, 'x'));
  std::filesystem::resize_file(Path(large), 64 << 20);
  MakePack("pack", {Item('h', "hello")});
  absl::StatusOr<Mirror> mirror = Make("pack");
  ASSERT_TRUE(mirror.ok()) << mirror.status();
  struct stat st = Stat(InStore(*mirror, absl::StrCat(Item('d', "data"), "/large")));
  EXPECT_EQ(st.st_size, 64 << 20);
  EXPECT_LT(st.st_blocks * 512, 1 << 20);
  EXPECT_TRUE(Cache().Verify(*mirror, {})->empty());
}

// Replaces the prefix by another of the same length, as a graft does.
class Shout : public ContentFilter {
 public:
  absl::Status Begin(const pb::Contents&, const ProgressCallback&) override { return absl::OkStatus(); }
  absl::StatusOr<bool> FilterFile(const ItemFile&, std::string* bytes) override {
    return absl::StrReplaceAll({{"/gnu/store", "/tmp/graft"}}, bytes) > 0;
  }
  absl::StatusOr<std::string> FilterLink(const ItemFile&, const std::string& target) override {
    return target == "other" ? "./other" : target;
  }
  absl::Status Finish(const std::string& meta) override {
    std::ofstream(meta + "/graft.json") << "{}";
    return absl::OkStatus();
  }
};

TEST_F(MirrorTest, FiltersContent) {
  MakePacks();
  absl::StatusOr<Mirror> plain = Make("other");
  ASSERT_TRUE(plain.ok()) << plain.status();
  Shout shout;
  absl::StatusOr<Mirror> graft = MakeMirror(
      Cache(),
      {.pack = Path("other"), .kind = MirrorKind::kGraft, .filter = &shout, .may_evict = {}, .progress = {}});
  ASSERT_TRUE(graft.ok()) << graft.status();
  EXPECT_EQ(graft->id.digest, plain->id.digest);
  const std::string bin = absl::StrCat(Item('r', "other"), "/bin/");
  EXPECT_THAT(ReadAt(InStore(*graft, bin + "other")), HasSubstr("cat /tmp/graft/"));
  EXPECT_EQ(std::filesystem::read_symlink(InStore(*graft, bin + "link")), "./other");
  EXPECT_EQ(ReadAt(graft->path + "/.reloc/graft.json"), "{}");
  // What the filter left alone is the plain mirror's.
  EXPECT_EQ(Stat(InStore(*graft, kText)).st_ino, Stat(InStore(*plain, kText)).st_ino);
  EXPECT_TRUE(Cache().Verify(*graft, {})->empty());
  EXPECT_EQ(Cache().List()->size(), 2u);
}

}  // namespace
}  // namespace reloc
