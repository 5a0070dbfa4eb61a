#include "daemon/proc/job_mark.h"

#include <gtest/gtest.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/jobs/job_processes.h"
#include "daemon/proc/pidfd.h"
#include "tests/unit/daemon/fixture.h"

namespace reloc {
namespace {

using absl::Microseconds;

TEST(EnvironmentMarkTest, IsFoundAmongVariables) {
  std::optional<EnvironmentMark> mark =
      ParseEnvironmentMark(absl::string_view("A=1\0RELOC_JOB=42.1000\0B=2\0", 26));
  ASSERT_TRUE(mark);
  EXPECT_EQ(mark->pid, 42);
  EXPECT_EQ(mark->launched, Microseconds(1000));
}

TEST(EnvironmentMarkTest, NonsenseIsNone) {
  for (absl::string_view text :
       {"", "RELOC_JOB", "RELOC_JOB=", "RELOC_JOB=1", "RELOC_JOB=x.y", "XRELOC_JOB=1.2", "RELOC_JOB=1.2x"}) {
    EXPECT_FALSE(ParseEnvironmentMark(text)) << text;
  }
}

TEST(EnvironmentMarkTest, ALaterProcessWithTheNumberHasAnotherMark) {
  EnvironmentMark mark{42, Microseconds(1000)};
  EXPECT_TRUE(mark.IsOf(42, Microseconds(1200)));
  EXPECT_FALSE(mark.IsOf(43, Microseconds(1200)));
  EXPECT_FALSE(mark.IsOf(42, Microseconds(999)));                    // heard of before it was launched
  EXPECT_FALSE(mark.IsOf(42, Microseconds(1000) + absl::Hours(1)));  // long after
}

TEST(NamespaceMarkTest, OwnNamespacesAreNoMark) {
  ProcessNamespaces own = ReadNamespaces(getpid());
  EXPECT_NE(own.mount, 0u);
  EXPECT_EQ(MarkOf(own, true), ProcessNamespaces());
  EXPECT_EQ(MarkOf(own, false), ProcessNamespaces());
  ProcessNamespaces root{own.mount + 1, own.uts};
  EXPECT_EQ(MarkOf(root, true), ProcessNamespaces());  // shared, and nothing of its own
  EXPECT_EQ(MarkOf(root, false), root);
  ProcessNamespaces both{own.mount + 1, own.uts + 1};
  EXPECT_EQ(MarkOf(both, true), both);
}

TEST(NamespaceMarkTest, OneReadsTheSameOfOneself) {
  EXPECT_EQ(ReadOwnNamespaces(0), ReadNamespaces(getpid()));
}

// A process in namespaces of its own whose parent has ended; its pid, or -1 where that is refused.
pid_t StartOrphan() {
  int ready[2];
  if (pipe(ready) != 0) return -1;
  pid_t middle = fork();
  if (middle == 0) {
    pid_t orphan = unshare(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWUTS) == 0 ? fork() : -1;
    if (orphan == 0) {
      close(ready[0]);
      SleepForEver();
    }
    _exit(write(ready[1], &orphan, sizeof orphan) == sizeof orphan ? 0 : 1);
  }
  pid_t orphan = -1;
  (void)!read(ready[0], &orphan, sizeof orphan);
  waitpid(middle, nullptr, 0);
  close(ready[0]);
  close(ready[1]);
  return orphan;
}

Job EndedJob(const std::string& id, const ProcessNamespaces& namespaces, absl::Duration heard) {
  Job job;
  job.id = id;
  job.pid = 1 << 30;  // is nobody's
  job.engine = Engine::kUserns;
  job.state = JobState::kExited;
  job.mark = {namespaces, heard};
  return job;
}

TEST(JobProcessesTest, OrphansBelongToTheLastJobWithTheirMark) {
  pid_t orphan = StartOrphan();
  if (orphan < 0) GTEST_SKIP() << "unprivileged user namespaces are refused here";
  ProcessNamespaces namespaces = ReadNamespaces(orphan);
  Job before = EndedJob("before", namespaces, Microseconds(1));
  Job job = EndedJob("job", namespaces, Microseconds(2));
  Job other = EndedJob("other", {namespaces.mount, namespaces.uts + 1}, Microseconds(3));
  StallGuard guard(absl::Seconds(10), absl::Seconds(10));
  JobProcesses processes = JobProcesses::Read({job, before, other}, &guard);
  EXPECT_EQ(processes.Of(job), std::vector<pid_t>{orphan});
  EXPECT_TRUE(processes.Of(before).empty());
  EXPECT_TRUE(processes.Of(other).empty());
  EXPECT_EQ(processes.MarkedOf(job), std::vector<pid_t>{orphan});
  EXPECT_EQ(HoldMark(job, {orphan}, &guard).size(), 2u);
  EXPECT_TRUE(HoldMark(other, {orphan}, &guard).empty());
  kill(orphan, SIGKILL);
}

}  // namespace
}  // namespace reloc
