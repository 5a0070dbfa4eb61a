#include "reloc/mirror/mirror_cache.h"

#include <gmock/gmock.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "reloc/mirror/layout.h"
#include "tests/unit/mirror/fixture.h"

namespace reloc {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const MayEvict kAny = [](const Mirror&) { return true; };

class MirrorCacheTest : public MirrorTest {
 protected:
  // Both packs' mirrors; "pack" was used an hour before "other".
  void MakeBoth() {
    MakePacks();
    absl::StatusOr<Mirror> first = Make("pack"), second = Make("other");
    ASSERT_TRUE(first.ok() && second.ok()) << first.status() << second.status();
    first_ = *first, second_ = *second;
    SetUsed(first_, absl::Now() - absl::Hours(2));
    SetUsed(second_, absl::Now() - absl::Hours(1));
  }
  static void SetUsed(const Mirror& mirror, absl::Time time) {
    const timespec times[2] = {absl::ToTimespec(time), absl::ToTimespec(time)};
    ASSERT_EQ(utimensat(AT_FDCWD, mirror.path.c_str(), times, 0), 0);
  }
  std::vector<std::string> Packs() const {
    std::vector<std::string> packs;
    absl::StatusOr<std::vector<Mirror>> mirrors = Cache().List();
    EXPECT_TRUE(mirrors.ok()) << mirrors.status();
    if (!mirrors.ok()) return packs;
    for (const Mirror& mirror : *mirrors) packs.push_back(mirror.pack);
    return packs;
  }

  Mirror first_, second_;
};

TEST_F(MirrorCacheTest, IsMadePrivate) {
  MirrorCache cache = Cache();
  EXPECT_EQ(Stat(Path("cache")).st_mode & 0777, 0700u);
  EXPECT_TRUE(Exists("cache/CACHEDIR.TAG"));
  EXPECT_TRUE(cache.List()->empty());
}

TEST_F(MirrorCacheTest, RefusesADirectoryThatOthersCanEnter) {
  std::filesystem::create_directory(Path("open"));
  ASSERT_EQ(chmod(Path("open").c_str(), 0755), 0);
  EXPECT_THAT(Message(MirrorCache::Open(Path("open"), kLimit).status()), HasSubstr("chmod 700"));
  EXPECT_TRUE(List("open").empty());
}

TEST_F(MirrorCacheTest, RefusesWhatIsNotTheUsers) {
  if (geteuid() == 0) GTEST_SKIP() << "everything is root's; run as an ordinary user";
  EXPECT_THAT(Message(MirrorCache::Open("/usr", kLimit).status()), HasSubstr("/usr is not yours"));
}

TEST_F(MirrorCacheTest, RefusesARelativePath) {
  EXPECT_THAT(Message(MirrorCache::Open("cache", kLimit).status()), HasSubstr("not an absolute path"));
}

TEST_F(MirrorCacheTest, ListsTheLeastRecentlyUsedFirst) {
  MakeBoth();
  EXPECT_THAT(Packs(), ElementsAre(Path("pack"), Path("other")));
  ASSERT_TRUE(Cache().MarkUsed(first_.id).ok());
  EXPECT_THAT(Packs(), ElementsAre(Path("other"), Path("pack")));
}

TEST_F(MirrorCacheTest, CountsSharedFilesOnce) {
  FillStore();
  Write(absl::StrCat("store/", Item('d', "data"), "/large"), std::string(1 << 20, 'x'));
  Write(Other() + "/bin/other", absl::StrCat("#!/bin/sh\ncat /gnu/store/", Item('d', "data"), "/large\n"),
        0755);
  MakePack("pack", {Item('h', "hello")});
  MakePack("other", {Item('r', "other")});
  ASSERT_TRUE(Make("pack").ok() && Make("other").ok());
  absl::StatusOr<MirrorUsage> usage = Cache().Measure(*Cache().List());
  ASSERT_TRUE(usage.ok()) << usage.status();
  EXPECT_GT(usage->bytes, 1u << 20);
  EXPECT_LT(usage->bytes, 2u << 20);
  EXPECT_LT(usage->own[0] + usage->own[1], 1u << 20);
}

TEST_F(MirrorCacheTest, EvictsTheLeastRecentlyUsed) {
  MakeBoth();
  absl::StatusOr<MirrorUsage> usage = Cache().Measure(*Cache().List());
  ASSERT_TRUE(usage.ok()) << usage.status();
  absl::StatusOr<std::vector<Mirror>> evicted = Cache(usage->bytes).MakeRoom(1, kAny);
  ASSERT_TRUE(evicted.ok()) << evicted.status();
  ASSERT_EQ(evicted->size(), 1u);
  EXPECT_EQ((*evicted)[0].id, first_.id);
  EXPECT_THAT(Packs(), ElementsAre(Path("other")));
}

TEST_F(MirrorCacheTest, NeverEvictsWhatIsInUse) {
  MakeBoth();
  const uint64_t limit = Cache().Measure(*Cache().List())->bytes;
  auto may_evict = [&](const Mirror& mirror) { return !(mirror.id == first_.id); };
  ASSERT_TRUE(Cache(limit).MakeRoom(1, may_evict).ok());
  EXPECT_THAT(Packs(), ElementsAre(Path("pack")));
  EXPECT_THAT(Message(Cache(limit).MakeRoom(limit, may_evict).status()), HasSubstr("no room for a mirror"));
  EXPECT_THAT(Packs(), ElementsAre(Path("pack")));
}

TEST_F(MirrorCacheTest, RefusesAPackThatIsLargerThanTheLimit) {
  MakeBoth();
  ASSERT_TRUE(Cache().Remove(first_.id).ok());
  absl::StatusOr<Mirror> mirror =
      MakeMirror(Cache(8192), {.pack = Path("pack"), .filter = nullptr, .may_evict = kAny, .progress = {}});
  EXPECT_TRUE(absl::IsResourceExhausted(mirror.status()));
  EXPECT_THAT(Message(mirror.status()), HasSubstr("which may have 8.0 KiB: raise mirror-limit"));
  EXPECT_THAT(Packs(), ElementsAre(Path("other")));
}

TEST_F(MirrorCacheTest, VerifyNamesWhatDiffers) {
  MakeBoth();
  const std::string text = absl::StrCat(first_.path, "/gnu/store/", Item('d', "data"), "/text");
  ASSERT_EQ(chmod(text.c_str(), 0644), 0);
  std::ofstream(text) << "jello\n";
  absl::StatusOr<std::vector<Difference>> differences = Cache().Verify(first_, {});
  ASSERT_TRUE(differences.ok()) << differences.status();
  ASSERT_EQ(differences->size(), 1u);
  EXPECT_EQ((*differences)[0].path, absl::StrCat("gnu/store/", Item('d', "data"), "/text"));
  EXPECT_EQ((*differences)[0].what, "has other content");
}

TEST_F(MirrorCacheTest, AMirrorThatWasNotSyncedEndsWithTheBoot) {
  MakeBoth();
  ASSERT_TRUE(Cache().Remove(second_.id).ok());
  const std::string mark = absl::StrCat(first_.path, "/", kUnsyncedPath);
  std::filesystem::remove(mark);
  std::filesystem::create_symlink("another-boot", mark);
  EXPECT_TRUE(Cache().List()->empty());
  ASSERT_TRUE(Cache().RemoveLeftovers().ok());
  ExpectNothingLeft();
  EXPECT_TRUE(Make("pack").ok());
}

TEST_F(MirrorCacheTest, AMirrorThatWasSyncedOutlivesTheBoot) {
  MakeBoth();
  ASSERT_TRUE(Cache().Sync().ok());
  EXPECT_FALSE(std::filesystem::exists(
      std::filesystem::symlink_status(absl::StrCat(first_.path, "/", kUnsyncedPath))));
  EXPECT_TRUE(Cache().Verify(first_, {})->empty());
  EXPECT_EQ(Cache().List()->size(), 2u);
}

// A maker that is killed with its work half done; another is at work meanwhile.
TEST_F(MirrorCacheTest, RemovesLeftoversOfTheDeadOnly) {
  MakePacks();
  Cache();
  int ready[2];
  ASSERT_EQ(pipe(ready), 0);
  auto start = [&] {
    pid_t pid = fork();
    if (pid != 0) return pid;
    auto wait = [&](const Progress&) {
      if (write(ready[1], "x", 1) != 1) _exit(1);
      while (true) pause();
      return true;
    };
    MakeMirror(Cache(), {.pack = Path("pack"), .filter = nullptr, .may_evict = {}, .progress = wait})
        .IgnoreError();
    _exit(1);
  };
  char byte;
  pid_t killed = start();
  ASSERT_EQ(read(ready[0], &byte, 1), 1);
  kill(killed, SIGKILL);
  ASSERT_EQ(waitpid(killed, nullptr, 0), killed);
  pid_t alive = start();
  ASSERT_EQ(read(ready[0], &byte, 1), 1);
  EXPECT_EQ(List("cache/tmp").size(), 2u);
  EXPECT_TRUE(Cache().List()->empty());

  EXPECT_TRUE(Cache().RemoveLeftovers().ok());
  EXPECT_EQ(List("cache/tmp").size(), 1u);
  kill(alive, SIGKILL);
  ASSERT_EQ(waitpid(alive, nullptr, 0), alive);
  EXPECT_TRUE(Cache().RemoveLeftovers().ok());
  ExpectNothingLeft();
  close(ready[0]), close(ready[1]);
}

// The cache may have become another directory than it was.
TEST_F(MirrorCacheTest, LeavesAloneWhatItDidNotMake) {
  Cache();
  Write("cache/tmp/thesis", "years of work");
  Write("cache/mirrors/thesis/text", "years of work");
  ASSERT_TRUE(Cache().RemoveLeftovers().ok());
  EXPECT_TRUE(Exists("cache/tmp/thesis"));
  EXPECT_TRUE(Exists("cache/mirrors/thesis/text"));
}

TEST(MirrorNameTest, IsReadBack) {
  MirrorId id{.digest = {0x01, 0xab}, .kind = MirrorKind::kGraft};
  EXPECT_EQ(MirrorName(id), "01ab0000000000000000000000000000.graft");
  EXPECT_EQ(ParseMirrorName(MirrorName(id)), id);
  for (const char* name : {"", "01ab.plain", "01AB0000000000000000000000000000.plain",
                           "01ab0000000000000000000000000000", "01ab0000000000000000000000000000.plain.1"}) {
    EXPECT_FALSE(ParseMirrorName(name)) << name;
  }
}

}  // namespace
}  // namespace reloc
