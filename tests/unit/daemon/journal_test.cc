#include "daemon/jobs/journal.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "reloc/base/file.h"
#include "tests/unit/launch/temp_dir.h"

namespace reloc {
namespace {

Job MakeJob(const std::string& id) {
  Job job;
  job.id = id;
  job.name = "sed";
  job.pid = 42;
  job.process = {4711, absl::Milliseconds(30)};
  job.uid = 4242;
  job.pack = "/packs/\xff";  // need not be UTF-8
  job.program = "/gnu/store/x/bin/sed";
  job.argv = std::string("sed\0\0-n\0", 8);
  job.slurm_job = "17";
  job.placement = Placement::kLauncher;
  job.engine = Engine::kProot;
  job.reason = Reason::kEngine;
  job.started_at = absl::FromUnixNanos(1234567890123456789);
  return job;
}

class JournalTest : public testing::Test {
 protected:
  void Rewrite(const std::vector<Job>& jobs) {
    std::vector<const Job*> pointers;
    for (const Job& job : jobs) pointers.push_back(&job);
    journal_.Rewrite(pointers);
  }
  JournalContents Read() { return ReadJournal(dir_.get()); }
  std::string Bytes() {
    std::ifstream file(temp_ / "journal", std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  void SetBytes(const std::string& bytes) {
    std::ofstream(temp_ / "journal", std::ios::binary | std::ios::trunc) << bytes;
  }

  TempDir temp_;
  UniqueFd dir_ = *Open(std::string(temp_ / "").c_str(), O_RDONLY | O_DIRECTORY);
  Journal journal_{dir_.get()};
};

TEST_F(JournalTest, NothingIsWrittenWhileTheFileSystemDoesNotAnswer) {
  bool answers = true;
  Journal journal(dir_.get(), [&] { return answers; });
  const Job job = MakeJob("a"), other = MakeJob("b");
  journal.Rewrite({});
  answers = false;
  journal.Write(job);
  journal.Flush();
  journal.Rewrite(std::vector<const Job*>{&job});
  EXPECT_TRUE(Read().jobs.empty());
  answers = true;
  EXPECT_FALSE(journal.IsInPlace());
  journal.Rewrite(std::vector<const Job*>{&job});
  journal.Write(other);
  journal.Flush();
  EXPECT_EQ(Read().jobs.size(), 2u);
  EXPECT_TRUE(journal.IsInPlace());
}

TEST_F(JournalTest, AJobComesBackAsItWas) {
  Rewrite({});
  Job job = MakeJob("a");
  journal_.Write(job);
  journal_.Flush();
  JournalContents contents = Read();
  EXPECT_TRUE(contents.same_boot);
  EXPECT_EQ(contents.damage, "");
  ASSERT_EQ(contents.jobs.size(), 1u);
  const Job& read = contents.jobs[0];
  EXPECT_EQ(read.id, job.id);
  EXPECT_EQ(read.name, job.name);
  EXPECT_EQ(read.pid, job.pid);
  EXPECT_EQ(read.process, job.process);
  EXPECT_EQ(read.uid, job.uid);
  EXPECT_EQ(read.pack, job.pack);
  EXPECT_EQ(read.program, job.program);
  EXPECT_EQ(read.argv, job.argv);
  EXPECT_EQ(read.slurm_job, job.slurm_job);
  EXPECT_EQ(read.placement, job.placement);
  EXPECT_EQ(read.engine, job.engine);
  EXPECT_EQ(read.reason, job.reason);
  EXPECT_EQ(read.started_at, job.started_at);
  EXPECT_EQ(read.state, JobState::kRunning);
}

TEST_F(JournalTest, TheLastEntryCountsInTheFirstOnesPlace) {
  Rewrite({MakeJob("a"), MakeJob("b")});
  Job job = MakeJob("a");
  job.state = JobState::kKilled;
  job.wait_status = SIGKILL;
  job.ended_at = job.started_at + absl::Seconds(1);
  job.cpu_seconds = 0.25;
  journal_.Write(job);
  journal_.Flush();
  JournalContents contents = Read();
  ASSERT_EQ(contents.jobs.size(), 2u);
  EXPECT_EQ(contents.jobs[0].id, "a");
  EXPECT_EQ(contents.jobs[0].state, JobState::kKilled);
  EXPECT_EQ(contents.jobs[0].wait_status, SIGKILL);
  EXPECT_EQ(contents.jobs[0].ended_at, job.ended_at);
  EXPECT_EQ(contents.jobs[0].cpu_seconds, 0.25);
  EXPECT_EQ(contents.jobs[1].state, JobState::kRunning);
}

TEST_F(JournalTest, NoneIsNoDamage) {
  EXPECT_EQ(Read().damage, "");
  EXPECT_TRUE(Read().jobs.empty());
}

TEST_F(JournalTest, CutOffAnywhereItIsReadAsFarAsItGoes) {
  Rewrite({MakeJob("a"), MakeJob("b")});
  std::string bytes = Bytes();
  const size_t entry = (bytes.size() - bytes.find('\n') - 1) / 2;
  for (size_t size = 0; size < bytes.size(); ++size) {
    SetBytes(bytes.substr(0, size));
    JournalContents contents = Read();
    size_t whole = size <= bytes.find('\n') ? 0 : (size - bytes.find('\n') - 1) / entry;
    ASSERT_EQ(contents.jobs.size(), whole) << size;
    bool at_border = size > bytes.find('\n') && (size - bytes.find('\n') - 1) % entry == 0;
    EXPECT_EQ(contents.damage.empty(), at_border) << size;
  }
}

TEST_F(JournalTest, NoFlippedByteGoesUnnoticed) {
  Rewrite({MakeJob("a")});
  std::string bytes = Bytes();
  for (size_t i = bytes.find('\n') + 1; i < bytes.size(); ++i) {
    std::string damaged = bytes;
    damaged[i] = static_cast<char>(damaged[i] ^ 0x10);
    SetBytes(damaged);
    EXPECT_NE(Read().damage, "") << i;
    EXPECT_TRUE(Read().jobs.empty()) << i;
  }
}

TEST_F(JournalTest, AnotherVersionsIsSetAside) {
  Rewrite({MakeJob("a")});
  EXPECT_FALSE(Read().other_version);
  std::string bytes = Bytes();
  bytes[bytes.find(" 1 ") + 1] = '2';
  SetBytes(bytes);
  EXPECT_TRUE(Read().other_version);
  EXPECT_TRUE(SetJournalAside(dir_.get()).ok());
  EXPECT_EQ(Read().damage, "");
  EXPECT_TRUE(std::filesystem::exists(temp_ / "journal.other"));
}

TEST_F(JournalTest, AnotherBootsJobsAreKnownAsSuch) {
  Rewrite({MakeJob("a")});
  std::string bytes = Bytes();
  char& digit = bytes[bytes.find('\n') - 1];
  digit = digit == '0' ? '1' : '0';
  SetBytes(bytes);
  EXPECT_FALSE(Read().same_boot);
  EXPECT_EQ(Read().jobs.size(), 1u);
}

TEST_F(JournalTest, WhatIsNoFileIsDamageAndGivesWay) {
  std::filesystem::create_symlink("/dev/zero", std::string(temp_ / "journal"));
  EXPECT_NE(Read().damage, "");
  Rewrite({MakeJob("a")});
  EXPECT_EQ(Read().jobs.size(), 1u);
  std::filesystem::remove(std::string(temp_ / "journal"));
  ASSERT_EQ(mkfifo(std::string(temp_ / "journal").c_str(), 0600), 0);
  EXPECT_NE(Read().damage, "");
  Rewrite({MakeJob("a")});
  EXPECT_EQ(Read().jobs.size(), 1u);
}

TEST_F(JournalTest, ItWantsToBeWrittenAnewWhenItHasGrown) {
  Rewrite({MakeJob("a")});
  EXPECT_FALSE(journal_.wants_rewrite());
  for (int i = 0; i < 10000 && !journal_.wants_rewrite(); ++i) {
    journal_.Write(MakeJob("a"));
    journal_.Flush();
  }
  EXPECT_TRUE(journal_.wants_rewrite());
  Rewrite({MakeJob("a")});
  EXPECT_FALSE(journal_.wants_rewrite());
  EXPECT_LT(Bytes().size(), 1000u);
}

// In a process of its own, whose limit plays the full disk.
int FillDisk(Journal* journal) {
  signal(SIGXFSZ, SIG_IGN);
  struct rlimit limit = {400, 400};
  setrlimit(RLIMIT_FSIZE, &limit);
  for (int i = 0; i < 10; ++i) {
    journal->Write(MakeJob("b"));
    journal->Flush();
  }
  return journal->wants_rewrite() ? 1 : 0;  // not at once
}

TEST_F(JournalTest, AFullDiskLeavesWhatWasWritten) {
  Rewrite({MakeJob("a")});
  pid_t child = fork();
  if (child == 0) _exit(FillDisk(&journal_));
  int status = -1;
  waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
  ASSERT_GE(Read().jobs.size(), 1u);
  EXPECT_EQ(Read().jobs[0].id, "a");
}

}  // namespace
}  // namespace reloc
