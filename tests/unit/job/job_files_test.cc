#include "reloc/job/job_files.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <chrono>
#include <filesystem>
#include <fstream>

#include "reloc/base/file.h"
#include "reloc/job/attach_socket.h"
#include "tests/unit/launch/temp_dir.h"

namespace reloc {
namespace {

class JobFilesTest : public testing::Test {
 protected:
  void WriteFile(const std::string& text) {
    ASSERT_TRUE(MakeJobDir(dir_.get(), "abc").ok());
    std::ofstream(temp_ / "jobs/abc/status") << text;
  }

  TempDir temp_;
  UniqueFd dir_ = *Open(std::string(temp_ / "").c_str(), O_RDONLY | O_DIRECTORY);
};

TEST_F(JobFilesTest, WhatIsWrittenIsRead) {
  absl::StatusOr<UniqueFd> job = MakeJobDir(dir_.get(), "abc");
  ASSERT_TRUE(job.ok());
  absl::Time ended_at = absl::FromUnixNanos(1234567890123456789);
  ASSERT_TRUE(WriteJobStatus(job->get(), {7 << 8, ended_at, 0.5}).ok());
  absl::StatusOr<JobStatus> status = ReadJobStatus(dir_.get(), "abc");
  ASSERT_TRUE(status.ok()) << status.status();
  EXPECT_EQ(status->wait_status, 7 << 8);
  EXPECT_EQ(status->ended_at, ended_at);
  EXPECT_EQ(status->cpu_seconds, 0.5);
}

TEST_F(JobFilesTest, WithoutTheTimeThatItTook) {
  absl::StatusOr<UniqueFd> job = MakeJobDir(dir_.get(), "abc");
  ASSERT_TRUE(WriteJobStatus(job->get(), {9, absl::UnixEpoch(), std::nullopt}).ok());
  EXPECT_EQ(ReadJobStatus(dir_.get(), "abc")->cpu_seconds, std::nullopt);
}

TEST_F(JobFilesTest, NothingIsNotFoundAndGarbageIsDamage) {
  EXPECT_TRUE(absl::IsNotFound(ReadJobStatus(dir_.get(), "abc").status()));
  for (const char* text : {"", "garbage", "status 1\n", "status 2\nwait_status 0\nended_at 1\n",
                           "status 1\nwait_status 0\nended_at 12", "status 1\nwait_status x\nended_at 1\n",
                           "status 1\nended_at 1\ncpu_seconds 1\n"}) {
    WriteFile(text);
    EXPECT_TRUE(absl::IsDataLoss(ReadJobStatus(dir_.get(), "abc").status())) << text;
  }
}

TEST_F(JobFilesTest, NamesOfANewerLauncherAreLeftOut) {
  WriteFile("status 1\nwait_status 256\nended_at 5\nweather fine\n");
  EXPECT_EQ(ReadJobStatus(dir_.get(), "abc")->wait_status, 256);
}

TEST_F(JobFilesTest, TheDirectoryGoesWithItsFiles) {
  WriteFile("x");
  RemoveJobDir(dir_.get(), "abc");
  EXPECT_FALSE(std::filesystem::exists(std::string(temp_ / "jobs/abc")));
  RemoveJobDir(dir_.get(), "abc");
}

TEST_F(JobFilesTest, ADirectoryWhereNobodyServesIsAbandonedInTime) {
  ASSERT_TRUE(MakeJobDir(dir_.get(), "abc").ok());
  std::filesystem::create_directory(temp_ / "jobs/not an id");
  EXPECT_EQ(ListJobDirs(dir_.get()), std::vector<std::string>{"abc"});
  EXPECT_FALSE(IsAbandoned(dir_.get(), "abc"));  // its launcher may be about to serve there
  std::filesystem::last_write_time(temp_ / "jobs/abc",
                                   std::filesystem::file_time_type::clock::now() - std::chrono::hours(1));
  EXPECT_TRUE(IsAbandoned(dir_.get(), "abc"));
}

TEST_F(JobFilesTest, ADirectoryWhereALauncherServesIsNot) {
  ::chmod((temp_ / "").c_str(), 0700);
  absl::StatusOr<UniqueFd> listener = ListenForClients(temp_ / "", "abc");
  ASSERT_TRUE(listener.ok()) << listener.status();
  std::filesystem::last_write_time(temp_ / "jobs/abc",
                                   std::filesystem::file_time_type::clock::now() - std::chrono::hours(1));
  EXPECT_FALSE(IsAbandoned(dir_.get(), "abc"));
  listener->Reset();
  EXPECT_TRUE(IsAbandoned(dir_.get(), "abc"));
}

TEST_F(JobFilesTest, IdsLeadNowhere) {
  EXPECT_TRUE(IsJobId("0123456789ab"));
  for (const char* id : {"", ".", "..", "a/b", "../x", "a b"}) EXPECT_FALSE(IsJobId(id)) << id;
}

}  // namespace
}  // namespace reloc
