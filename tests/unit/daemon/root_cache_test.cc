#include "daemon/roots/root_cache.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <optional>
#include <set>

#include "tests/unit/launch/temp_dir.h"

namespace reloc {
namespace {

// Makes roots when the test says so.
class FakeMaker : public RootMaker {
 public:
  void Make(int store, const std::string& prefix, OnMade on_made) override {
    ++asked;
    last_store = store;
    last_prefix = prefix;
    pending.push_back(std::move(on_made));
  }
  void Release(std::span<const int32_t> fds) override { released.insert(fds.begin(), fds.end()); }

  // Returns the root's descriptor number.
  int32_t MakeNext() {
    OnMade next = Next();
    int32_t fd = next_fd++;
    next(MadeRoot{fd, static_cast<uint64_t>(fd) * 10});
    return fd;
  }
  void FailNext() { Next()(absl::UnavailableError("no")); }

  int asked = 0;
  int last_store = -1;
  std::string last_prefix;
  std::vector<OnMade> pending;
  std::set<int32_t> released;
  int32_t next_fd = 100;

 private:
  OnMade Next() {
    OnMade next = std::move(pending.front());
    pending.erase(pending.begin());
    return next;
  }
};

class RootCacheTest : public testing::Test {
 protected:
  using Answer = std::optional<absl::StatusOr<RootLease>>;

  void SetUp() override { cache_.SetPlace({}, {}); }
  static RootRequest Request(uint64_t number) {
    return {{FileId{1, number}, PackDigest{}, 3}, "/gnu/store", "/packs/some"};
  }
  // The answer comes, now or later, into what is returned.
  std::shared_ptr<Answer> Get(uint64_t number) {
    auto answer = std::make_shared<Answer>();
    cache_.Get(Request(number), UniqueFd(), [answer](absl::StatusOr<RootLease> root) { *answer = root; });
    return answer;
  }
  // A root that is there; its lease ends with the caller's.
  RootLease Make(uint64_t number) {
    auto answer = Get(number);
    maker_.MakeNext();
    return ***answer;
  }

  TempDir temp_;
  UniqueFd dir_{open(temp_.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  FakeMaker maker_;
  RegistryWriter registry_{dir_.get()};
  EventBus events_;
  RootCache cache_{&maker_, &registry_, &events_, 3};
};

TEST_F(RootCacheTest, OneWhoseImageServerEndedIsDroppedThoughItIsUsed) {
  RootLease served = Make(1), unserved = Make(2);
  cache_.DropUnserved(unserved->made.fd);
  EXPECT_EQ(cache_.Find(unserved->key), nullptr);
  EXPECT_EQ(maker_.released, std::set<int32_t>{unserved->made.fd});
  EXPECT_EQ(cache_.Find(served->key), served);
}

TEST_F(RootCacheTest, ManyRequestsMakeOneRoot) {
  std::vector<std::shared_ptr<Answer>> answers;
  for (int i = 0; i < 50; ++i) answers.push_back(Get(1));
  EXPECT_EQ(maker_.asked, 1);
  EXPECT_EQ(maker_.last_prefix, "/gnu/store");
  EXPECT_FALSE(answers[0]->has_value());
  maker_.MakeNext();
  for (const auto& answer : answers) {
    ASSERT_TRUE(answer->has_value());
    EXPECT_EQ((***answer)->made.fd, 100);
  }
  EXPECT_TRUE(Get(1)->has_value());  // now it is there at once
  EXPECT_EQ(maker_.asked, 1);
}

TEST_F(RootCacheTest, EveryoneHearsOfAFailureAndTheNextOneTriesAgain) {
  auto first = Get(1), second = Get(1);
  maker_.FailNext();
  EXPECT_FALSE((*first)->ok());
  EXPECT_FALSE((*second)->ok());
  Get(1);
  EXPECT_EQ(maker_.asked, 2);
}

TEST_F(RootCacheTest, TheLongestUnusedRootMakesRoom) {
  Make(1);
  Make(2);
  Make(3);
  EXPECT_NE(cache_.Find(Request(1).key), nullptr);  // used again
  Make(4);
  EXPECT_EQ(maker_.released, std::set<int32_t>{101});
  EXPECT_EQ(cache_.Find(Request(2).key), nullptr);
  EXPECT_EQ(cache_.size(), 3u);
}

TEST_F(RootCacheTest, ARootInUseIsNotDropped) {
  RootLease first = Make(1);
  Make(2);
  Make(3);
  Make(4);
  EXPECT_EQ(maker_.released, std::set<int32_t>{101});
  EXPECT_NE(cache_.Find(Request(1).key), nullptr);
}

TEST_F(RootCacheTest, WhenAllAreInUseTheNextOneIsRefused) {
  RootLease leases[] = {Make(1), Make(2), Make(3)};
  auto answer = Get(4);
  ASSERT_TRUE(answer->has_value());
  EXPECT_TRUE(absl::IsResourceExhausted((*answer)->status()));
  leases[1].reset();
  Make(4);
  EXPECT_EQ(maker_.released, std::set<int32_t>{101});
}

TEST_F(RootCacheTest, RootsInTheMakingCount) {
  for (uint64_t number : {1, 2, 3}) Get(number);
  EXPECT_TRUE(absl::IsResourceExhausted((*Get(4))->status()));
}

TEST_F(RootCacheTest, DroppedRootsAreReleasedAndMadeAgain) {
  RootLease used = Make(1);
  Make(2);
  cache_.DropAll();
  EXPECT_EQ(maker_.released, (std::set<int32_t>{100, 101}));
  EXPECT_EQ(cache_.size(), 0u);
  EXPECT_EQ(used->made.fd, 100);  // a lease stays valid
  Get(1);
  EXPECT_EQ(maker_.asked, 3);
}

TEST_F(RootCacheTest, ARootInTheMakingServesWhoAskedBeforeTheDropAndNobodyElse) {
  auto before = Get(1);
  cache_.DropAll();
  auto after = Get(1);
  EXPECT_EQ(maker_.asked, 2);
  maker_.MakeNext();
  EXPECT_TRUE((*before)->ok());
  EXPECT_FALSE(after->has_value());
  EXPECT_EQ(maker_.released, std::set<int32_t>{100});
  maker_.MakeNext();
  EXPECT_EQ((***after)->made.fd, 101);
}

TEST_F(RootCacheTest, AnotherPlaceDropsTheRoots) {
  Make(1);
  CallerContext elsewhere;
  elsewhere.root_mtime = 5;
  cache_.SetPlace({}, elsewhere);
  EXPECT_EQ(cache_.place(), elsewhere);
  EXPECT_EQ(cache_.size(), 0u);
}

// Mirrors of the stores of all packs with the digest 0, as files that the test has open.
class MirroredRoots : public RootCacheTest {
 protected:
  void SetUp() override {
    RootCacheTest::SetUp();
    cache_.UseMirrors([this](const RootKey&, const std::string&) -> std::optional<MirroredStore> {
      if (!ready_) return std::nullopt;
      UniqueFd store(open("/", O_PATH | O_CLOEXEC));
      handed_over_ = store.get();
      return MirroredStore{"m.plain", std::move(store)};
    });
  }
  bool ready_ = true;
  int handed_over_ = -1;
};

TEST_F(MirroredRoots, AreMadeOfTheMirror) {
  RootLease root = Make(1);
  EXPECT_EQ(root->mirror, "m.plain");
  EXPECT_EQ(maker_.last_store, handed_over_);
}

TEST_F(MirroredRoots, TakeThePlaceOfThePacksWhenTheMirrorIsReady) {
  ready_ = false;
  RootLease old = Make(1);
  EXPECT_EQ(old->mirror, "");
  ready_ = true;
  cache_.Renew(PackDigest{});
  EXPECT_EQ(cache_.Find(Request(1).key), old);  // until the new one is made
  maker_.MakeNext();
  EXPECT_EQ(cache_.Find(Request(1).key)->mirror, "m.plain");
  EXPECT_EQ(cache_.size(), 1u);
  EXPECT_EQ(maker_.released, std::set<int32_t>{100});
  // One that was about to enter the old one is found there.
  EXPECT_EQ(cache_.FindEntered(Request(1).key, 1000), old);
  EXPECT_EQ(cache_.FindEntered(Request(1).key, 1010)->mirror, "m.plain");
  EXPECT_EQ(cache_.FindEntered(Request(1).key, 7), nullptr);
}

TEST_F(MirroredRoots, InTheMakingWhenTheMirrorBecomesReadyAreFollowedByThatOfTheMirror) {
  ready_ = false;
  auto answer = Get(1);
  ready_ = true;
  cache_.Renew(PackDigest{});
  maker_.MakeNext();
  EXPECT_EQ((***answer)->mirror, "");
  maker_.MakeNext();
  EXPECT_EQ(cache_.Find(Request(1).key)->mirror, "m.plain");
}

TEST_F(MirroredRoots, OfAMirrorThatCannotBeUsedAreMadeOfThePack) {
  auto answer = Get(1);
  maker_.FailNext();
  EXPECT_FALSE(answer->has_value());
  maker_.MakeNext();
  EXPECT_EQ((***answer)->mirror, "");
}

TEST_F(MirroredRoots, WithdrawnOnesAreNotHandedOutAndCanComeBack) {
  RootLease root = Make(1);
  ready_ = false;
  cache_.Withdraw("m.plain");
  auto answer = Get(1);
  EXPECT_FALSE(answer->has_value());
  EXPECT_EQ(cache_.FindEntered(Request(1).key, 1000), root);
  maker_.MakeNext();
  EXPECT_EQ((***answer)->mirror, "");

  ready_ = true;
  cache_.Restore("m.plain");
  RootLease other = Make(2);
  cache_.Withdraw("m.plain");
  cache_.Restore("m.plain");
  EXPECT_EQ(***Get(2), other);
}

TEST_F(MirroredRoots, DroppedOnesAreReleased) {
  Make(1);
  cache_.Withdraw("m.plain");
  cache_.Drop("m.plain", "limit");
  EXPECT_EQ(cache_.size(), 0u);
  EXPECT_EQ(maker_.released, std::set<int32_t>{100});
}

TEST_F(MirroredRoots, InTheMakingWhenTheMirrorIsWithdrawnAreMadeAgain) {
  auto answer = Get(1);
  ready_ = false;
  cache_.Withdraw("m.plain");
  maker_.MakeNext();
  EXPECT_FALSE(answer->has_value());
  maker_.MakeNext();
  EXPECT_EQ((***answer)->mirror, "");
  EXPECT_EQ(maker_.released, std::set<int32_t>{100});
}

TEST_F(RootCacheTest, ListsRootsWithTheirLeases) {
  RootLease lease = Make(1), another = lease;
  auto list = cache_.List();
  ASSERT_EQ(list.size(), 1u);
  EXPECT_EQ(list[0].first.pack, "/packs/some");
  EXPECT_EQ(list[0].second, 2u);
}

}  // namespace
}  // namespace reloc
