#include "daemon/keeper/keeper.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <memory>
#include <optional>
#include <set>

#include "absl/strings/str_cat.h"
#include "daemon/keeper/keeper_link.h"
#include "reloc/base/file.h"
#include "reloc/launch/namespaces.h"
#include "tests/unit/daemon/fixture.h"
#include "tests/unit/launch/temp_dir.h"

namespace reloc {
namespace {

bool MustWork(const char* feature) {
  const char* features = getenv("RELOC_MUST_WORK");
  return features != nullptr && std::string(features).find(feature) != std::string::npos;
}

// A real keeper, with real namespaces.
class KeeperTest : public testing::Test {
 protected:
  using Answer = std::optional<absl::StatusOr<MadeRoot>>;

  void SetUp() override {
#ifdef RELOC_SANITIZE_THREAD
    GTEST_SKIP() << "ThreadSanitizer has a thread of its own, with which unshare(2) makes no user namespace; "
                    "run another build";
#endif
    auto process = ForkKeeper();
    ASSERT_TRUE(process.ok());
    auto link = KeeperLink::Create(loop_.get(), *std::move(process), [this] {
      ++starts_;
      return starts_ == failing_start_ ? absl::UnavailableError("no") : ForkKeeper();
    });
    ASSERT_TRUE(link.ok()) << link.status();
    link_ = *std::move(link);
    if (!link_->usable().ok() && !MustWork("userns")) {
      GTEST_SKIP() << "no user namespaces here: " << link_->usable() << "; see user.max_user_namespaces";
    }
    ASSERT_TRUE(link_->usable().ok()) << link_->usable();
    mkdir((temp_ / "store").c_str(), 0755);
    std::ofstream(temp_ / "store/hello") << "from the pack";
  }
  UniqueFd Store() { return UniqueFd(open((temp_ / "store").c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)); }
  std::shared_ptr<Answer> Make(const std::string& prefix) {
    auto answer = std::make_shared<Answer>();
    link_->Make(Store().get(), prefix, [answer](absl::StatusOr<MadeRoot> made) { *answer = made; });
    return answer;
  }
  bool Await(const std::shared_ptr<Answer>& answer) {
    return RunUntil(*loop_, [&] { return answer->has_value(); });
  }
  // What a process that joins `root` reads from `path`.
  std::string ReadInside(const MadeRoot& root, const std::string& path) {
    absl::StatusOr<UniqueFd> mount_ns = link_->OpenNamespace(root);
    if (!mount_ns.ok()) return std::string(mount_ns.status().message());
    UniqueFd user_ns;
    if (link_->user_namespace().fd >= 0) user_ns = *link_->OpenNamespace(link_->user_namespace());
    int out[2];
    if (pipe2(out, O_CLOEXEC) != 0) return "no pipe";
    {
      Child child([&] {
        bool joined_user;
        bool joined = JoinNamespaces(user_ns.get(), mount_ns->get(), &joined_user).ok();
        FixedText<256> text;
        if (!joined || !ReadSmallFile(path.c_str(), &text).ok()) text << "cannot read";
        (void)WriteAll(out[1], text.view()).ok();
      });
      child.Wait();
    }
    close(out[1]);
    char text[256];
    Result<size_t> size = ReadAll(out[0], text);
    close(out[0]);
    return std::string(text, *size);
  }

  TempDir temp_;
  std::unique_ptr<EventLoop> loop_ = *EventLoop::Create();
  int starts_ = 0, failing_start_ = 0;  // of keepers after the first
  std::unique_ptr<KeeperLink> link_;
};

TEST_F(KeeperTest, MakesARootThatCanBeJoined) {
  auto answer = Make("/reloc-test/store");
  ASSERT_TRUE(Await(answer));
  ASSERT_TRUE((*answer)->ok()) << (*answer)->status();
  EXPECT_EQ(ReadInside(***answer, "/reloc-test/store/hello"), "from the pack");
}

TEST_F(KeeperTest, MakesManyAtOnceInOneUserNamespace) {
  std::vector<std::shared_ptr<Answer>> answers;
  for (int i = 0; i < 20; ++i) answers.push_back(Make(absl::StrCat("/reloc-test-", i, "/store")));
  std::set<uint64_t> inodes;
  for (const auto& answer : answers) {
    ASSERT_TRUE(Await(answer));
    ASSERT_TRUE((*answer)->ok()) << (*answer)->status();
    inodes.insert((**answer)->inode);
  }
  EXPECT_EQ(inodes.size(), 20u);
  EXPECT_EQ(ReadInside(**answers[13]->operator->(), "/reloc-test-13/store/hello"), "from the pack");
}

TEST_F(KeeperTest, AReleasedRootIsGone) {
  auto answer = Make("/reloc-test/store");
  ASSERT_TRUE(Await(answer) && (*answer)->ok());
  MadeRoot root = ***answer;
  link_->Release({&root.fd, 1});
  EXPECT_TRUE(RunUntil(*loop_, [&] { return !link_->OpenNamespace(root).ok(); }));
}

TEST_F(KeeperTest, SaysWhyARootCannotBeMade) {
  std::string why;
  UniqueFd file(open((temp_ / "store/hello").c_str(), O_PATH | O_CLOEXEC));
  link_->Make(file.get(), "/reloc-test/store",
              [&](absl::StatusOr<MadeRoot> made) { why = std::string(made.status().message()); });
  EXPECT_TRUE(RunUntil(*loop_, [&] { return !why.empty(); }));
  EXPECT_EQ(why, "enter store: Not a directory");
  EXPECT_TRUE(link_->usable().ok());
}

TEST_F(KeeperTest, HasNothingButNamespaces) {
  UniqueFd secret(open("/dev/null", O_RDONLY | O_CLOEXEC));
  auto answer = Make("/reloc-test/store");
  ASSERT_TRUE(Await(answer) && (*answer)->ok());
  for (int fd = 0; fd < 64; ++fd) {
    FixedText<256> target;
    Errno e = ReadLink(AT_FDCWD, absl::StrCat("/proc/", link_->pid(), "/fd/", fd).c_str(), &target);
    std::string name(target.view());
    bool harmless = !e.ok() || name == "/dev/null" || name.starts_with("socket:") ||
                    name.starts_with("user:") || name.starts_with("mnt:") ||
                    name.starts_with("anon_inode:[signalfd]");
    EXPECT_TRUE(harmless) << fd << " is " << name;
  }
}

TEST_F(KeeperTest, ItsDeathIsNoticedAndEveryRequestAnswered) {
  bool told = false;
  link_->OnChange([&] { told = true; });
  kill(link_->pid(), SIGKILL);
  EXPECT_TRUE(RunUntil(*loop_, [&] { return told; }));
  auto answer = Make("/reloc-test/store");
  ASSERT_TRUE(answer->has_value());
  EXPECT_FALSE((*answer)->ok());
  EXPECT_FALSE(link_->usable().ok());
}

TEST_F(KeeperTest, AnotherTakesThePlaceOfOneThatDied) {
  auto answer = Make("/reloc-test/store");
  ASSERT_TRUE(Await(answer) && (*answer)->ok());
  MadeRoot old = ***answer;
  pid_t pid = link_->pid();
  int changes = 0;
  // What relocd does: it gives its roots up, which are not the new keeper's to release.
  link_->OnChange([&] {
    ++changes;
    link_->Release({&old.fd, 1});
  });
  kill(pid, SIGKILL);
  EXPECT_TRUE(RunUntil(*loop_, [&] { return changes == 2; }));
  ASSERT_TRUE(link_->usable().ok()) << link_->usable();
  EXPECT_NE(link_->pid(), pid);
  EXPECT_EQ(kill(pid, 0), -1);  // it was waited for
  EXPECT_FALSE(link_->OpenNamespace(old).ok());
  answer = Make("/reloc-test/store");
  ASSERT_TRUE(Await(answer) && (*answer)->ok());
  EXPECT_EQ(ReadInside(***answer, "/reloc-test/store/hello"), "from the pack");
}

TEST_F(KeeperTest, OneThatCannotBeStartedIsTriedAgain) {
  failing_start_ = 1;
  kill(link_->pid(), SIGKILL);
  EXPECT_TRUE(RunUntil(*loop_, [&] { return starts_ == 2 && link_->usable().ok(); }));
}

TEST_F(KeeperTest, OnesThatDieAtOnceAreReplacedLessAndLess) {
  absl::Duration begin = MonotonicNow();
  bool is_new = true;
  auto kill_it = [&] {
    is_new = link_->pid() != 0 && is_new;
    if (is_new) kill(link_->pid(), SIGKILL);
    is_new = link_->pid() == 0;
    return starts_ == 4;
  };
  EXPECT_TRUE(RunUntil(*loop_, kill_it));
  EXPECT_GE(MonotonicNow() - begin, absl::Milliseconds(700));  // 0, 100, 200 and 400
}

TEST_F(KeeperTest, EndsWithItsLink) {
  pid_t pid = link_->pid();
  link_.reset();
  EXPECT_EQ(kill(pid, 0), -1);  // it was waited for
}

}  // namespace
}  // namespace reloc
