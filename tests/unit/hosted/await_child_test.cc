#include "reloc/hosted/await_child.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include "absl/time/clock.h"
#include "reloc/base/unique_fd.h"

namespace reloc {
namespace {

pid_t ForkSleeper() {
  const pid_t pid = ::fork();
  if (pid != 0) return pid;
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY);
  while (true) ::pause();
}

// Traces `process`: until this tracer ends, only it can reap the process.
pid_t ForkTracer(pid_t process) {
  int ends[2];
  EXPECT_EQ(::pipe(ends), 0);
  UniqueFd ready(ends[0]), traces(ends[1]);
  const pid_t pid = ::fork();
  if (pid == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    while (::ptrace(PTRACE_SEIZE, process, nullptr, nullptr) != 0) ::usleep(1000);
    [[maybe_unused]] ssize_t said = ::write(traces.get(), "t", 1);
    while (true) ::pause();
  }
  char byte;
  EXPECT_EQ(::read(ready.get(), &byte, 1), 1);
  return pid;
}

TEST(AwaitChildTest, ReturnsTheStatusOfAChildThatEnds) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(7);
  std::optional<int> status = ReapChild(child, absl::Seconds(60));
  ASSERT_TRUE(status);
  EXPECT_EQ(WEXITSTATUS(*status), 7);
}

TEST(AwaitChildTest, LeavesAChildThatDoesNotEndInTime) {
  const pid_t child = ForkSleeper();
  EXPECT_FALSE(ReapChild(child, absl::Milliseconds(20)));
  EXPECT_EQ(::kill(child, 0), 0);
  std::optional<int> status = EndChild(child, absl::Milliseconds(20));
  ASSERT_TRUE(status);
  EXPECT_EQ(WTERMSIG(*status), SIGKILL);
}

TEST(AwaitChildTest, DoesNotWaitForAChildThatCannotBeReaped) {
  const pid_t child = ForkSleeper();
  const pid_t tracer = ForkTracer(child);
  const absl::Time before = absl::Now();
  EXPECT_FALSE(EndChild(child, absl::Milliseconds(20)));
  EXPECT_LT(absl::Now() - before, absl::Seconds(30));
  EXPECT_TRUE(EndChild(tracer, absl::ZeroDuration()));
  EXPECT_TRUE(ReapChild(child, absl::Seconds(60)));
}

}  // namespace
}  // namespace reloc
