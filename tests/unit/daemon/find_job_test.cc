#include "daemon/jobs/find_job.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "daemon/jobs/job_processes.h"
#include "tests/unit/daemon/fixture.h"

namespace reloc {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

Job Make(const std::string& id, const std::string& name, pid_t pid, JobState state = JobState::kRunning) {
  Job job;
  job.id = id;
  job.name = name;
  job.pid = pid;
  job.state = state;
  return job;
}

std::vector<std::string> Ids(const std::vector<Job>& jobs, absl::string_view ref) {
  std::vector<std::string> ids;
  auto list_processes = [&] {
    StallGuard guard(absl::Seconds(10), absl::Seconds(10));
    const JobProcesses processes = JobProcesses::Read(jobs, &guard);
    std::vector<std::vector<pid_t>> pids;
    for (const Job& job : jobs) pids.push_back(processes.Of(job));
    return pids;
  };
  for (const Job& job : FindJobs(jobs, ref, list_processes)) ids.push_back(job.id);
  return ids;
}

constexpr pid_t kNobody = 1 << 30;

TEST(FindJobTest, ByIdItsBeginningNameAndPid) {
  std::vector<Job> jobs = {Make("4rk0", "sed", kNobody), Make("4rz0", "bash", kNobody + 1)};
  EXPECT_THAT(Ids(jobs, "4rk0"), ElementsAre("4rk0"));
  EXPECT_THAT(Ids(jobs, "4rz"), ElementsAre("4rz0"));
  EXPECT_THAT(Ids(jobs, "sed"), ElementsAre("4rk0"));
  EXPECT_THAT(Ids(jobs, std::to_string(kNobody + 1)), ElementsAre("4rz0"));
  EXPECT_THAT(Ids(jobs, "4r"), ElementsAre("4rk0", "4rz0"));
  EXPECT_THAT(Ids(jobs, "perl"), IsEmpty());
  EXPECT_THAT(Ids(jobs, ""), IsEmpty());
}

TEST(FindJobTest, OnesThatRunComeBeforeOnesThatEnded) {
  std::vector<Job> jobs = {Make("a", "sed", kNobody, JobState::kExited), Make("b", "sed", kNobody),
                           Make("c", "awk", kNobody + 1, JobState::kExited),
                           Make("d", "awk", kNobody + 1, JobState::kKilled)};
  EXPECT_THAT(Ids(jobs, "sed"), ElementsAre("b"));
  EXPECT_THAT(Ids(jobs, std::to_string(kNobody)), ElementsAre("b"));
  EXPECT_THAT(Ids(jobs, "awk"), ElementsAre("c", "d"));
  EXPECT_THAT(Ids(jobs, std::to_string(kNobody + 1)), ElementsAre("d"));
}

TEST(FindJobTest, ANumberIsAPidBeforeItIsTheBeginningOfAnId) {
  std::vector<Job> jobs = {Make("77xy", "sed", 78), Make("abcd", "awk", 77)};
  EXPECT_THAT(Ids(jobs, "77"), ElementsAre("abcd"));
}

TEST(FindJobTest, AnyProcessNamesTheInnermostJob) {
  Child child(SleepForEver);
  std::vector<Job> jobs = {Make("outer", "sh", getppid()), Make("inner", "sh", getpid())};
  EXPECT_THAT(Ids(jobs, std::to_string(child.pid())), ElementsAre("inner"));
}

TEST(FindJobTest, Hints) {
  std::vector<Job> jobs = {Make("4rk0", "bash", kNobody)};
  EXPECT_EQ(NearestJob(jobs, "bahs"), "bash");
  EXPECT_EQ(NearestJob(jobs, "something-else"), "");
}

}  // namespace
}  // namespace reloc
