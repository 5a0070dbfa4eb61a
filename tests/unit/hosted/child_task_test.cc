#include "reloc/hosted/child_task.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>

#include "absl/time/clock.h"

namespace reloc {
namespace {

constexpr absl::Duration kStep = absl::Milliseconds(2);

// A process that does `work`, and is killed with its children at the end.
class Worker {
 public:
  explicit Worker(const std::function<void()>& work) : pid_(::fork()) {
    if (pid_ != 0) return;
    ::setpgid(0, 0);
    work();
    ::_exit(0);
  }
  ~Worker() {
    ::kill(-pid_, SIGKILL);
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  pid_t pid() const { return pid_; }

 private:
  pid_t pid_;
};

void SleepForEver() {
  while (true) ::pause();
}

void WorkForEver() {
  while (true) absl::SleepFor(kStep);
}

// Returns whether a check returns `expected` within the time that a loaded machine may need.
bool Becomes(ActivityWatch* activity, bool expected) {
  const absl::Time deadline = absl::Now() + absl::Seconds(30);
  while (activity->HasRun() != expected) {
    if (absl::Now() > deadline) return false;
    absl::SleepFor(10 * kStep);
  }
  return true;
}

TEST(ActivityWatch, SeesAProcessThatSleepsForShortTimes) {
  Worker worker(WorkForEver);
  ActivityWatch activity(worker.pid());
  EXPECT_TRUE(Becomes(&activity, true));
  absl::SleepFor(100 * kStep);
  EXPECT_TRUE(Becomes(&activity, true));
}

TEST(ActivityWatch, SeesOneThatWaitsForEver) {
  Worker worker(SleepForEver);
  ActivityWatch activity(worker.pid());
  EXPECT_TRUE(Becomes(&activity, false));
  absl::SleepFor(100 * kStep);
  EXPECT_FALSE(activity.HasRun());
}

TEST(ActivityWatch, CountsTheWorkOfChildren) {
  Worker parent([] {
    if (::fork() == 0) WorkForEver();
    SleepForEver();
  });
  ActivityWatch activity(parent.pid());
  absl::SleepFor(100 * kStep);
  EXPECT_TRUE(Becomes(&activity, true));
  absl::SleepFor(100 * kStep);
  EXPECT_TRUE(Becomes(&activity, true));
}

TEST(ActivityWatch, TakesNoStoppedProcessForOneThatWorks) {
  Worker parent([] {
    if (::fork() == 0) WorkForEver();
    SleepForEver();
  });
  ActivityWatch activity(parent.pid());
  ::kill(parent.pid(), SIGSTOP);
  ASSERT_EQ(::waitpid(parent.pid(), nullptr, WUNTRACED), parent.pid());
  absl::SleepFor(10 * kStep);
  EXPECT_FALSE(activity.HasRun());
}

TEST(ActivityWatch, TakesNoEndedProcessForOneThatWorks) {
  Worker worker([] {});
  siginfo_t info;
  ASSERT_EQ(::waitid(P_PID, static_cast<id_t>(worker.pid()), &info, WEXITED | WNOWAIT), 0);
  ActivityWatch activity(worker.pid());
  EXPECT_FALSE(activity.HasRun());
}

}  // namespace
}  // namespace reloc
