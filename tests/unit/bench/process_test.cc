#include "bench/launching/process.h"

#include <errno.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <optional>

namespace reloc::bench {
namespace {

Command Shell(const std::string& script, const Environment& environment = {}) {
  return Command({"/bin/sh", "-c", script}, environment);
}

TEST(Capture, KeepsBothStreamsAndTheStatus) {
  absl::StatusOr<Captured> captured = Capture(Shell("echo out; echo err >&2; exit 3"));
  ASSERT_TRUE(captured.ok()) << captured.status();
  EXPECT_EQ(captured->output, "out\n");
  EXPECT_EQ(captured->errors, "err\n");
  EXPECT_FALSE(captured->succeeded());
  EXPECT_EQ(ErrorOf(*captured), "exit status 3: err");
}

TEST(Capture, ASignalIsNoExitStatus) {
  absl::StatusOr<Captured> captured = Capture(Shell("kill -KILL $$"));
  ASSERT_TRUE(captured.ok()) << captured.status();
  EXPECT_EQ(ErrorOf(*captured), "killed by Killed");
}

TEST(Capture, TheEnvironmentIsTheOneThatIsGiven) {
  ASSERT_EQ(setenv("OF_THE_CALLER", "1", 1), 0);
  absl::StatusOr<Captured> captured = Capture(Shell("echo \"$GIVEN${OF_THE_CALLER-}\"", {{"GIVEN", "yes"}}));
  ASSERT_TRUE(captured.ok()) << captured.status();
  EXPECT_EQ(captured->output, "yes\n");
}

TEST(Capture, AMissingProgramIsAnErrorThatNamesIt) {
  absl::StatusOr<Captured> captured = Capture(Command({"/no/such/program"}, {}));
  ASSERT_FALSE(captured.ok());
  EXPECT_THAT(std::string(captured.status().message()), testing::HasSubstr("/no/such/program"));
}

TEST(Process, EndsWithItsObject) {
  std::optional<Process> process = *Process::Start(Shell("while :; do sleep 1; done"));
  pid_t pid = process->pid();
  ASSERT_EQ(kill(pid, 0), 0);
  process.reset();
  // Reaped, too: there is not even a zombie.
  EXPECT_EQ(kill(pid, 0), -1);
  EXPECT_EQ(errno, ESRCH);
}

TEST(Process, AMovedOneLivesOn) {
  Process first = *Process::Start(Shell("while :; do sleep 1; done"));
  Process second = std::move(first);
  EXPECT_EQ(kill(second.pid(), 0), 0);
}

TEST(FindProgram, LooksAsAShellDoes) {
  EXPECT_THAT(FindProgram("sh"), testing::EndsWith("/sh"));
  EXPECT_EQ(FindProgram("/bin/sh"), "/bin/sh");
  EXPECT_EQ(FindProgram("no-such-program-anywhere"), "");
}

}  // namespace
}  // namespace reloc::bench
