#include "daemon/jobs/job_table.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <set>

#include "reloc/base/file.h"
#include "reloc/job/attach_socket.h"
#include "tests/unit/daemon/fixture.h"
#include "tests/unit/launch/temp_dir.h"

namespace reloc {
namespace {

class JobTableTest : public testing::Test {
 protected:
  absl::Status Start(pid_t pid, string_view entry = "sed", RootLease root = nullptr) {
    absl::StatusOr<UniqueFd> fd = OpenPidfd(pid, BootTimeNow());
    if (!fd.ok()) return fd.status();
    LaunchMessage message;
    message.type = MessageType::kStarted;
    message.engine = Engine::kUserns;
    message.entry = entry;
    message.argv = string_view("sed\0-n\0", 7);
    return table_.Started(*std::move(fd), pid, getuid(), message, std::move(root));
  }
  bool AllEnded() {
    return RunUntil(*loop_, [this] { return table_.running() == 0; });
  }

  TempDir temp_;
  UniqueFd dir_ = *Open(std::string(temp_ / "").c_str(), O_RDONLY | O_DIRECTORY);
  std::unique_ptr<EventLoop> loop_ = *EventLoop::Create();
  EventBus events_;
  int ended_ = 0;
  JobTable table_{loop_.get(), &events_, dir_.get(), 3, [this] { ++ended_; }};
};

TEST_F(JobTableTest, AJobRunsAndEnds) {
  Child child(SleepForEver);
  ASSERT_TRUE(Start(child.pid()).ok());
  ASSERT_EQ(table_.running(), 1u);
  Job job = table_.List(false).at(0);
  EXPECT_EQ(job.id.size(), 12u);
  EXPECT_EQ(job.name, "sed");
  EXPECT_EQ(job.pid, child.pid());
  EXPECT_EQ(job.argv, std::string("sed\0-n\0", 7));
  EXPECT_EQ(job.state, JobState::kRunning);
  kill(child.pid(), SIGKILL);
  EXPECT_TRUE(AllEnded());
  EXPECT_TRUE(table_.List(false).empty());
  Job ended = table_.List(true).at(0);
  EXPECT_EQ(ended.id, job.id);
  EXPECT_EQ(ended.state, JobState::kKilled);
  EXPECT_EQ(WTERMSIG(ended.wait_status), SIGKILL);
  EXPECT_GE(ended.ended_at, ended.started_at);
  EXPECT_EQ(ended_, 1);
}

TEST_F(JobTableTest, AnExitStatusIsKept) {
  Child child([] { _exit(125); });
  ASSERT_TRUE(Start(child.pid()).ok());
  EXPECT_TRUE(AllEnded());
  Job job = table_.List(true).at(0);
  EXPECT_EQ(job.state, JobState::kExited);
  EXPECT_EQ(WEXITSTATUS(job.wait_status), 125);
}

TEST_F(JobTableTest, TheSameProcessIsTheSameJob) {
  Child child(SleepForEver);
  ASSERT_TRUE(Start(child.pid(), "first").ok());
  std::string id = table_.List(false).at(0).id;
  ASSERT_TRUE(Start(child.pid(), "second").ok());
  ASSERT_EQ(table_.running(), 1u);
  EXPECT_EQ(table_.List(false).at(0).id, id);
  EXPECT_EQ(table_.List(false).at(0).name, "second");
}

TEST_F(JobTableTest, ALeaseEndsWithTheJob) {
  auto root = std::make_shared<Root>();
  Child child(SleepForEver);
  ASSERT_TRUE(Start(child.pid(), "sed", root).ok());
  EXPECT_EQ(root.use_count(), 2);
  kill(child.pid(), SIGKILL);
  EXPECT_TRUE(AllEnded());
  EXPECT_EQ(root.use_count(), 1);
}

TEST_F(JobTableTest, OnlyTheLastEndedJobsAreRemembered) {
  for (const char* name : {"a", "b", "c", "d", "e"}) {
    Child child([] {});
    ASSERT_TRUE(Start(child.pid(), name).ok());
    EXPECT_TRUE(AllEnded());
  }
  std::vector<Job> jobs = table_.List(true);
  ASSERT_EQ(jobs.size(), 3u);
  EXPECT_EQ(jobs[0].name, "c");
  EXPECT_EQ(jobs[2].name, "e");
}

class Reserved : public JobTableTest {
 protected:
  absl::Status Bind(const std::string& id, pid_t pid) {
    return table_.Bind(id, *OpenPidfd(pid, BootTimeNow()), pid, 0);
  }
};

TEST_F(Reserved, AJobHasTheIdAndTheNameThatWereReserved) {
  Child child(SleepForEver);
  std::string id = *table_.Reserve("train");
  ASSERT_TRUE(Bind(id, child.pid()).ok());
  EXPECT_EQ(table_.List(true).at(0).id, id);
  ASSERT_TRUE(Start(child.pid()).ok());
  ASSERT_EQ(table_.List(true).size(), 1u);
  Job job = table_.List(false).at(0);
  EXPECT_EQ(job.id, id);
  EXPECT_EQ(job.name, "train");
  EXPECT_EQ(job.placement, Placement::kLauncher);
  ASSERT_TRUE(Start(child.pid(), "other").ok());
  EXPECT_EQ(table_.List(false).at(0).name, "train");
}

TEST_F(Reserved, WithoutANameItHasTheProgramsAndOthersAreNotConcerned) {
  Child child(SleepForEver), other(SleepForEver);
  ASSERT_TRUE(Bind(*table_.Reserve(""), child.pid()).ok());
  ASSERT_TRUE(Start(other.pid(), "bash").ok());
  EXPECT_EQ(table_.List(false).at(1).placement, Placement::kCaller);
  ASSERT_TRUE(Start(child.pid(), "sed").ok());
  EXPECT_EQ(table_.List(false).at(0).name, "sed");
}

TEST_F(Reserved, ANameIsOneJobsAtATime) {
  std::string id = *table_.Reserve("train");
  EXPECT_EQ(table_.Reserve("train").status().code(), absl::StatusCode::kAlreadyExists);
  table_.Release(id);
  id = *table_.Reserve("train");
  Child child(SleepForEver);
  ASSERT_TRUE(Bind(id, child.pid()).ok());
  table_.Release(id);  // too late
  EXPECT_EQ(table_.Reserve("train").status().code(), absl::StatusCode::kAlreadyExists);
  ASSERT_TRUE(Start(child.pid()).ok());
  EXPECT_EQ(table_.Reserve("train").status().code(), absl::StatusCode::kAlreadyExists);
  table_.Ended(id, 3 << 8);
  EXPECT_TRUE(table_.Reserve("train").ok());
}

TEST_F(Reserved, WhatWasNeverLaunchedLeavesNothing) {
  std::string id = *table_.Reserve("train");
  Child child(SleepForEver);
  ASSERT_TRUE(Bind(id, child.pid()).ok());
  EXPECT_FALSE(Bind(id, child.pid()).ok());
  table_.Abandoned(id, 125 << 8);
  EXPECT_TRUE(table_.List(true).empty());
  EXPECT_TRUE(table_.Reserve("train").ok());
}

TEST_F(Reserved, AJobWhoseLaunchWasNotHeardIsOne) {
  std::string id = *table_.Reserve("train");
  Child child(SleepForEver);
  ASSERT_TRUE(Bind(id, child.pid()).ok());
  table_.Ended(id, 41 << 8);
  Job job = table_.List(true).at(0);
  EXPECT_EQ(job.id, id);
  EXPECT_EQ(WEXITSTATUS(job.wait_status), 41);
}

TEST_F(Reserved, AnAttemptThatWasHeardIsAJobAlsoIfItFailed) {
  std::string id = *table_.Reserve("");
  Child child(SleepForEver);
  ASSERT_TRUE(Bind(id, child.pid()).ok());
  ASSERT_TRUE(Start(child.pid()).ok());
  table_.Abandoned(id, 125 << 8);
  EXPECT_EQ(table_.List(true).at(0).state, JobState::kExited);
}

TEST_F(Reserved, TheLauncherTellsHowItEnded) {
  Child child(SleepForEver);
  std::string id = *table_.Reserve("");
  ASSERT_TRUE(Bind(id, child.pid()).ok());
  ASSERT_TRUE(Start(child.pid()).ok());
  table_.Ended("unknown", 0);
  EXPECT_EQ(table_.running(), 1u);
  table_.Ended(id, 41 << 8);
  Job job = table_.List(true).at(0);
  EXPECT_EQ(job.state, JobState::kExited);
  EXPECT_EQ(WEXITSTATUS(job.wait_status), 41);
}

// A job of whose launch nobody has heard, bound and ended, but not waited for.
class EndedUnheard : public Reserved {
 protected:
  void Bind() {
    ASSERT_TRUE(Reserved::Bind(id_, job_.pid()).ok());
    kill(job_.pid(), SIGKILL);
    job_.AwaitZombie();
  }
  // What relocctl's launcher does: it serves the job's socket.
  std::unique_ptr<Child> Launcher() {
    ::chmod((temp_ / "").c_str(), 0700);
    int ready[2];
    EXPECT_EQ(pipe(ready), 0);
    UniqueFd near(ready[0]), far(ready[1]);
    auto launcher = std::make_unique<Child>([&] {
      absl::StatusOr<UniqueFd> listener = ListenForClients(temp_ / "", id_);
      near.Reset();
      far.Reset();
      if (listener.ok()) SleepForEver();
    });
    far.Reset();
    char end;
    EXPECT_EQ(read(near.get(), &end, 1), 0);
    return launcher;
  }

  std::string id_ = *table_.Reserve("train");
  Child job_{SleepForEver};
};

TEST_F(EndedUnheard, WithoutALauncherItsParentIsNotAwaited) {
  Bind();
  EXPECT_TRUE(AllEnded());
  EXPECT_EQ(table_.List(true).at(0).state, JobState::kKilled);
}

TEST_F(EndedUnheard, TheWordOfALauncherIsAwaited) {
  std::unique_ptr<Child> launcher = Launcher();
  Bind();
  for (int i = 0; i < 10; ++i) loop_->RunOnce(10);
  EXPECT_EQ(table_.running(), 1u);
  table_.Abandoned(id_, 125 << 8);
  EXPECT_TRUE(table_.List(true).empty());
}

TEST_F(EndedUnheard, NoWordComesOfALauncherThatIsKilled) {
  std::unique_ptr<Child> launcher = Launcher();
  Bind();
  for (int i = 0; i < 10; ++i) loop_->RunOnce(10);
  EXPECT_EQ(table_.running(), 1u);
  kill(launcher->pid(), SIGKILL);
  EXPECT_TRUE(AllEnded());
  Job job = table_.List(true).at(0);
  EXPECT_EQ(job.state, JobState::kKilled);
  EXPECT_EQ(WTERMSIG(job.wait_status), SIGKILL);
}

TEST_F(Reserved, Names) {
  for (const char* name : {"7", "a b", "-x", "/x", "", "\xc3\xbc", "a/b"}) {
    EXPECT_EQ(table_.Reserve(name).ok(), name[0] == '\0') << name;
  }
  EXPECT_TRUE(table_.Reserve("7th.run_of-mine").ok());
}

TEST(JobIdTest, IdsDiffer) {
  std::set<std::string> ids;
  for (int i = 0; i < 10000; ++i) ids.insert(NewJobId());
  EXPECT_EQ(ids.size(), 10000u);
}

}  // namespace
}  // namespace reloc
