#include "client/base/job_record.h"

#include <gtest/gtest.h>

namespace reloc {
namespace {

relocd::v1::Job RunningJob() {
  relocd::v1::Job job;
  job.set_id("abc");
  job.set_name("sed");
  job.set_pid(42);
  job.set_engine("userns");
  job.set_placement("caller");
  job.add_argv("sed");
  job.add_argv("a b");
  job.set_state(relocd::v1::Job::STATE_RUNNING);
  job.set_cpu_seconds(1.5);
  job.set_rss_bytes(4096);
  job.set_processes(2);
  return job;
}

std::string Text(const relocd::v1::Job& job, const char* name) {
  const Record record = JobRecord(job);
  const JsonValue* value = FindValue(record, name);
  return value == nullptr ? "none" : ToText(*value);
}

TEST(JobRecordTest, HasEveryFieldThatScriptsRelyOn) {
  for (const char* name :
       {"id", "name", "pid", "uid", "user", "pack", "program", "argv", "engine", "placement", "started_at",
        "state", "exit_code", "signal", "cpu_seconds", "rss_bytes", "processes", "slurm_job"}) {
    EXPECT_NE(Text(RunningJob(), name), "none") << name;
  }
}

TEST(JobRecordTest, ARunningJobHasNoExitCode) {
  EXPECT_EQ(Text(RunningJob(), "state"), "running");
  EXPECT_EQ(Text(RunningJob(), "exit_code"), "");
  EXPECT_EQ(Text(RunningJob(), "argv"), R"(["sed","a b"])");
}

TEST(JobRecordTest, AnExitCodeOfZeroIsShown) {
  relocd::v1::Job job = RunningJob();
  job.set_state(relocd::v1::Job::STATE_EXITED);
  job.set_exit_code(0);
  EXPECT_EQ(Text(job, "exit_code"), "0");
  EXPECT_EQ(JobRow(job).at(4), "exited 0");
}

TEST(JobRecordTest, ASignalIsNamedForPeople) {
  relocd::v1::Job job = RunningJob();
  job.set_state(relocd::v1::Job::STATE_KILLED);
  job.set_signal(11);
  EXPECT_EQ(Text(job, "signal"), "11");
  EXPECT_EQ(JobRow(job).at(4), "killed SEGV");
}

TEST(JobRecordTest, AnUnknownEndingIsNeverZero) {
  relocd::v1::Job job = RunningJob();
  job.set_state(relocd::v1::Job::STATE_LOST);
  EXPECT_EQ(Text(job, "exit_code"), "");
  EXPECT_EQ(JobRow(job).at(4), "lost");
}

TEST(JobRecordTest, RowsFitTheHeader) { EXPECT_EQ(JobRow(RunningJob()).size(), JobColumns().size()); }

}  // namespace
}  // namespace reloc
