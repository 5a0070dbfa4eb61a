#include "daemon/proc/pidfd.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/unit/daemon/fixture.h"

namespace reloc {
namespace {

UniqueFd Open(const Child& child) {
  absl::StatusOr<UniqueFd> fd = OpenPidfd(child.pid(), BootTimeNow());
  EXPECT_TRUE(fd.ok()) << fd.status();
  return fd.ok() ? *std::move(fd) : UniqueFd();
}

TEST(PidfdTest, TellsHowAProcessEndedBeforeItsParentWaits) {
  Child child([] { _exit(7); });
  UniqueFd fd = Open(child);
  child.AwaitZombie();
  EXPECT_TRUE(HasEnded(fd.get()));
  std::optional<Ending> ending = ReadEnding(fd.get(), child.pid());
  ASSERT_TRUE(ending && ending->wait_status);
  EXPECT_EQ(WEXITSTATUS(*ending->wait_status), 7);
  EXPECT_TRUE(ending->cpu_seconds);
}

TEST(PidfdTest, TellsTheSignal) {
  Child child(SleepForEver);
  UniqueFd fd = Open(child);
  EXPECT_FALSE(HasEnded(fd.get()));
  kill(child.pid(), SIGTERM);
  child.AwaitZombie();
  std::optional<Ending> ending = ReadEnding(fd.get(), child.pid());
  ASSERT_TRUE(ending && ending->wait_status);
  EXPECT_EQ(WTERMSIG(*ending->wait_status), SIGTERM);
}

TEST(PidfdTest, AfterTheParentWaitedTheKernelTellsOrNobody) {
  Child child([] { _exit(7); });
  pid_t pid = child.pid();
  UniqueFd fd = Open(child);
  child.Wait();
  std::optional<Ending> ending = ReadEnding(fd.get(), pid);
  ASSERT_TRUE(ending);
  // Before Linux 6.15 it stays unknown, but it is never a wrong one.
  EXPECT_EQ(WEXITSTATUS(ending->wait_status.value_or(W_EXITCODE(7, 0))), 7);
}

TEST(PidfdTest, AProcessThatStartedLaterIsAnother) {
  absl::Duration before = BootTimeNow();
  usleep(30000);  // the start time is in units of 10 ms
  Child child(SleepForEver);
  EXPECT_TRUE(absl::IsNotFound(OpenPidfd(child.pid(), before).status()));
}

TEST(PidfdTest, NoSuchProcessIsAnError) { EXPECT_FALSE(OpenPidfd(1 << 30, BootTimeNow()).ok()); }

TEST(PidfdTest, FindsThePeerOfASocket) {
  int pair[2];
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
  UniqueFd ours(pair[0]), theirs(pair[1]);
  absl::StatusOr<UniqueFd> peer = OpenPeerPidfd(ours.get(), getpid(), BootTimeNow());
  absl::StatusOr<UniqueFd> self = OpenPidfd(getpid(), BootTimeNow());
  ASSERT_TRUE(peer.ok() && self.ok());
  EXPECT_TRUE(SameProcess(self->get(), peer->get()));
}

TEST(PidfdTest, TwoProcessesAreNotTheSame) {
  Child first(SleepForEver), second([] {});
  UniqueFd fd = Open(first), other = Open(second);
  UniqueFd again = Open(first);
  EXPECT_TRUE(SameProcess(fd.get(), again.get()));
  second.AwaitZombie();
  EXPECT_FALSE(SameProcess(other.get(), fd.get()));
}

}  // namespace
}  // namespace reloc
