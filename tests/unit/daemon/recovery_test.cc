#include "daemon/jobs/recovery.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <iterator>
#include <memory>

#include "reloc/base/file.h"
#include "reloc/job/job_files.h"
#include "tests/unit/daemon/fixture.h"
#include "tests/unit/launch/temp_dir.h"

namespace reloc {
namespace {

// A daemon's part that knows jobs.
struct Daemon {
  explicit Daemon(int dir) : journal(dir), jobs(loop.get(), &events, dir, 100, [] {}) {
    events.Subscribe([this](const Event& event) {
      if (event.type == EventType::kExit) endings.push_back(event.job->id);
    });
    RecoverJobs(dir, &journal, &jobs, [this](const Job& job) { ended_before.push_back(job.id); });
  }
  std::string Start(pid_t pid) {
    LaunchMessage message;
    message.entry = "sed";
    EXPECT_TRUE(jobs.Started(*OpenPidfd(pid, BootTimeNow()), pid, getuid(), message, nullptr).ok());
    journal.Flush();
    return jobs.List(false).back().id;
  }
  bool AllEnded() {
    bool ended = RunUntil(*loop, [this] { return jobs.running() == 0; });
    journal.Flush();
    return ended;
  }

  std::unique_ptr<EventLoop> loop = *EventLoop::Create();
  EventBus events;
  Journal journal;
  JobTable jobs;
  std::vector<std::string> endings, ended_before;
};

class RecoveryTest : public testing::Test {
 protected:
  std::unique_ptr<Daemon> NewDaemon() { return std::make_unique<Daemon>(dir_.get()); }
  void ChangeJournal(const std::function<void(std::string*)>& change) {
    std::string bytes;
    {
      std::ifstream file(temp_ / "journal", std::ios::binary);
      bytes.assign(std::istreambuf_iterator<char>(file), {});
    }
    change(&bytes);
    std::ofstream(temp_ / "journal", std::ios::binary | std::ios::trunc) << bytes;
  }

  TempDir temp_;
  UniqueFd dir_ = *Open(std::string(temp_ / "").c_str(), O_RDONLY | O_DIRECTORY);
  std::unique_ptr<Daemon> daemon_ = NewDaemon();
};

TEST_F(RecoveryTest, ARunningJobIsWatchedAgain) {
  Child child(SleepForEver);
  std::string id = daemon_->Start(child.pid());
  daemon_ = NewDaemon();
  ASSERT_EQ(daemon_->jobs.running(), 1u);
  EXPECT_EQ(daemon_->jobs.List(false)[0].id, id);
  EXPECT_EQ(daemon_->jobs.List(false)[0].name, "sed");
  kill(child.pid(), SIGTERM);
  EXPECT_TRUE(daemon_->AllEnded());
  EXPECT_EQ(daemon_->jobs.List(true)[0].wait_status, SIGTERM);
  daemon_ = NewDaemon();
  EXPECT_EQ(daemon_->ended_before, std::vector{id});
  EXPECT_EQ(daemon_->jobs.List(true)[0].state, JobState::kKilled);
}

TEST_F(RecoveryTest, AZombieTellsHowItEnded) {
  Child child([] { _exit(7); });
  std::string id = daemon_->Start(child.pid());
  child.AwaitZombie();
  daemon_ = NewDaemon();
  EXPECT_TRUE(daemon_->AllEnded());
  EXPECT_EQ(WEXITSTATUS(daemon_->jobs.List(true)[0].wait_status), 7);
  EXPECT_EQ(daemon_->endings, std::vector{id});
}

TEST_F(RecoveryTest, OfOneThatIsGoneNobodyKnows) {
  Child child([] {});
  std::string id = daemon_->Start(child.pid());
  child.Wait();
  daemon_ = NewDaemon();
  EXPECT_EQ(daemon_->jobs.running(), 0u);
  EXPECT_EQ(daemon_->jobs.List(true)[0].state, JobState::kLost);
  EXPECT_EQ(daemon_->endings, std::vector{id});
  EXPECT_TRUE(daemon_->ended_before.empty());
}

TEST_F(RecoveryTest, ItsLauncherSaysHowItEnded) {
  Child child([] {});
  std::string id = daemon_->Start(child.pid());
  child.Wait();
  absl::Time ended_at = absl::FromUnixSeconds(1700000000);
  ASSERT_TRUE(WriteJobStatus(MakeJobDir(dir_.get(), id)->get(), {3 << 8, ended_at, 1.5}).ok());
  daemon_ = NewDaemon();
  Job job = daemon_->jobs.List(true)[0];
  EXPECT_EQ(job.state, JobState::kExited);
  EXPECT_EQ(WEXITSTATUS(job.wait_status), 3);
  EXPECT_EQ(job.ended_at, ended_at);
  EXPECT_EQ(job.cpu_seconds, 1.5);
}

TEST_F(RecoveryTest, AnotherProcessWithTheNumberIsNotTheJob) {
  Child child(SleepForEver);
  Job job;
  job.id = "abc";
  job.pid = child.pid();
  job.process = IdentifyProcess(OpenPidfd(child.pid(), BootTimeNow())->get(), child.pid());
  ASSERT_NE(job.process, ProcessIdentity());
  job.process.inode += 1;
  daemon_->journal.Write(job);
  daemon_->journal.Flush();
  daemon_ = NewDaemon();
  EXPECT_EQ(daemon_->jobs.running(), 0u);
  EXPECT_EQ(daemon_->jobs.List(true)[0].state, JobState::kLost);
}

TEST_F(RecoveryTest, AfterABootNoProcessIsLookedFor) {
  Child child(SleepForEver);
  daemon_->Start(child.pid());
  ChangeJournal([](std::string* bytes) { bytes->replace(bytes->find("boot ") + 5, 4, "zzzz"); });
  daemon_ = NewDaemon();
  EXPECT_EQ(daemon_->jobs.running(), 0u);
  EXPECT_EQ(daemon_->jobs.List(true)[0].state, JobState::kLost);
}

TEST_F(RecoveryTest, GarbageIsLeftBehind) {
  Child child(SleepForEver);
  daemon_->Start(child.pid());
  ChangeJournal([](std::string* bytes) { bytes->append("garbage garbage garbage"); });
  daemon_ = NewDaemon();
  EXPECT_EQ(daemon_->jobs.running(), 1u);
  ChangeJournal([](std::string* bytes) { bytes->assign(5000, '\x55'); });
  daemon_ = NewDaemon();
  EXPECT_EQ(daemon_->jobs.running(), 0u);
}

TEST_F(RecoveryTest, TheOrderOfStartsStaysWhateverTheClockSaid) {
  Child first(SleepForEver), second(SleepForEver), third([] {});
  std::vector<std::string> ids = {daemon_->Start(first.pid()), daemon_->Start(second.pid()),
                                  daemon_->Start(third.pid())};
  third.Wait();
  Job job = daemon_->jobs.List(false)[1];
  job.started_at -= absl::Hours(24 * 3650);
  daemon_->journal.Write(job);
  daemon_->journal.Flush();
  daemon_ = NewDaemon();
  std::vector<std::string> known;
  for (const Job& each : daemon_->jobs.List(true)) known.push_back(each.id);
  EXPECT_EQ(known, ids);
}

TEST_F(RecoveryTest, TheJournalDoesNotGrowWithoutEnd) {
  Child child(SleepForEver);
  std::string id = daemon_->Start(child.pid());
  for (int i = 0; i < 5000; ++i) daemon_->Start(child.pid());
  ChangeJournal([](std::string* bytes) { EXPECT_LT(bytes->size(), 700u << 10); });
  daemon_ = NewDaemon();
  EXPECT_EQ(daemon_->jobs.List(true).size(), 1u);
  EXPECT_EQ(daemon_->jobs.List(true)[0].id, id);
}

}  // namespace
}  // namespace reloc
