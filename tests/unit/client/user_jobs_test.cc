#include "client/watch/user_jobs.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include <functional>
#include <limits>
#include <string>
#include <thread>
#include <utility>

#include "absl/time/clock.h"
#include "reloc/base/file.h"

namespace reloc {
namespace {

using relocd::v1::Job;

constexpr uid_t kUid = 4242;

Job Ordinary() {
  Job job;
  job.set_id("abcdefghijkl");
  job.set_name("sed");
  job.set_pid(42);
  job.set_uid(0);  // what the user claims
  job.set_pack("/home/u/pack");
  job.set_program("/gnu/store/sed");
  for (const char* argument : {"sed", "", "-n"}) job.add_argv(argument);
  job.set_engine("userns");
  job.set_placement("caller");
  job.mutable_started_at()->set_seconds(1800000000);
  job.set_state(Job::STATE_EXITED);
  job.mutable_ended_at()->set_seconds(1800000001);
  job.set_exit_code(3);
  job.set_cpu_seconds(0.25);
  return job;
}

std::string Bytes(const ListedJob& record) {
  return std::string(reinterpret_cast<const char*>(&record), sizeof record);
}

TEST(ListedJobTest, AJobComesBackWithRootsUid) {
  Job expected = Ordinary();
  expected.set_uid(kUid);
  absl::StatusOr<Job> job = FromListed(ToListed(Ordinary()), kUid);
  ASSERT_TRUE(job.ok()) << job.status();
  EXPECT_EQ(job->SerializeAsString(), expected.SerializeAsString());
}

TEST(ListedJobTest, LongTextsAreCut) {
  Job job = Ordinary();
  job.set_pack(std::string(10000, 'p'));
  for (int i = 0; i < 1000; ++i) job.add_argv("argument");
  absl::StatusOr<Job> read = FromListed(ToListed(job), kUid);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->pack(), std::string(188, 'p') + "...");
  EXPECT_EQ(read->argv(3), "argument");
}

TEST(ListedJobTest, FieldsThatNoDaemonFillsSoAreRefused) {
  const std::pair<const char*, std::function<void(ListedJob*)>> kChanges[] = {
      {"id with an escape", [](ListedJob* job) { memcpy(job->id, "\x1b[31m", 6); }},
      {"no id", [](ListedJob* job) { job->id[0] = 0; }},
      {"unknown engine", [](ListedJob* job) { strcpy(job->engine, "none\n"); }},
      {"unknown placement", [](ListedJob* job) { strcpy(job->placement, "moon"); }},
      {"unknown reason", [](ListedJob* job) { strcpy(job->fallback_reason, "why\xc2\x9b"); }},
      {"Slurm job", [](ListedJob* job) { strcpy(job->slurm_job, "1\n2"); }},
      {"mirror", [](ListedJob* job) { strcpy(job->mirror, "../x"); }},
      {"pid", [](ListedJob* job) { job->pid = 0; }},
      {"state", [](ListedJob* job) { job->state = 77; }},
      {"exit code", [](ListedJob* job) { job->exit_code = 256; }},
      {"time", [](ListedJob* job) { job->started_ns = -1; }},
      {"CPU time", [](ListedJob* job) { job->cpu_seconds = std::numeric_limits<double>::quiet_NaN(); }},
      {"processes", [](ListedJob* job) { job->processes = ~0u; }},
      {"size of argv", [](ListedJob* job) { job->argv_size = 4096; }},
      {"end of argv", [](ListedJob* job) { job->argv[job->argv_size - 1] = 'x'; }},
      {"kind", [](ListedJob* job) { job->kind = static_cast<ListedKind>(99); }},
  };
  for (const auto& [name, change] : kChanges) {
    ListedJob record = ToListed(Ordinary());
    change(&record);
    EXPECT_FALSE(FromListed(record, kUid).ok()) << name;
  }
}

class UserJobsTest : public testing::Test {
 protected:
  void SetUp() override { ::signal(SIGPIPE, SIG_IGN); }

  // Returns the writing end of a new helper's pipe.
  UniqueFd AddHelper(uid_t uid = kUid) {
    int ends[2];
    EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    EXPECT_EQ(::fcntl(ends[0], F_SETFL, O_NONBLOCK), 0);
    jobs_.Add(uid, UniqueFd(ends[0]), 0);
    return UniqueFd(ends[1]);
  }
  void Collect(absl::Duration time = absl::Seconds(20)) { jobs_.Collect(absl::Now() + time); }

  UserJobs jobs_;
};

TEST_F(UserJobsTest, AnswersAreTaken) {
  UniqueFd one = AddHelper(4242), other = AddHelper(4243);
  for (const UniqueFd* helper : {&one, &other}) {
    ListedJob end = MakeListed(ListedKind::kEnd);
    end.processes = 1;
    ASSERT_TRUE(WriteAll(helper->get(), Bytes(ToListed(Ordinary())) + Bytes(end)).ok());
  }
  one.Reset();
  other.Reset();
  Collect();
  ASSERT_EQ(jobs_.jobs().size(), 2u);
  EXPECT_EQ(jobs_.jobs()[0].uid() + jobs_.jobs()[1].uid(), 4242u + 4243u);
  EXPECT_TRUE(jobs_.warnings().empty());
  EXPECT_TRUE(jobs_.any());
}

TEST_F(UserJobsTest, SilenceEndsWithTheDeadline) {
  UniqueFd silent = AddHelper();
  const absl::Time start = absl::Now();
  Collect(absl::Milliseconds(100));
  EXPECT_LT(absl::Now() - start, absl::Seconds(10));
  EXPECT_EQ(jobs_.warnings().size(), 1u);
}

// Until the limit, and not until the deadline.
TEST_F(UserJobsTest, AnEndlessStreamIsCutOff) {
  UniqueFd endless = AddHelper();
  const std::string record = Bytes(ToListed(Ordinary()));
  size_t written = 0;
  std::thread writer([&] {
    while (WriteAll(endless.get(), record).ok()) written += record.size();
  });
  Collect(absl::InfiniteDuration());
  writer.join();
  EXPECT_LE(jobs_.jobs().size(), kMaxListedJobs);
  EXPECT_LT(written, 2 * kMaxListedBytes);
  EXPECT_EQ(jobs_.warnings().size(), 1u);
}

TEST_F(UserJobsTest, GarbageCostsItsOwnRows) {
  UniqueFd good = AddHelper(4243);
  ASSERT_TRUE(WriteAll(good.get(), Bytes(ToListed(Ordinary())) + Bytes(MakeListed(ListedKind::kEnd))).ok());
  good.Reset();
  ListedJob old = ToListed(Ordinary());
  old.magic ^= 1;
  ListedJob forged = ToListed(Ordinary());
  forged.pid = -1;
  const std::string cut = Bytes(ToListed(Ordinary())).substr(0, 100);
  const std::string after_end = Bytes(MakeListed(ListedKind::kEnd)) + Bytes(ToListed(Ordinary()));
  for (const std::string& bytes :
       {std::string(5000, '\xff'), Bytes(old), Bytes(forged), cut, after_end, std::string()}) {
    ASSERT_TRUE(WriteAll(AddHelper().get(), bytes).ok());
  }
  Collect();
  ASSERT_EQ(jobs_.jobs().size(), 1u);
  EXPECT_EQ(jobs_.jobs()[0].uid(), 4243u);
  EXPECT_EQ(jobs_.warnings().size(), 6u);
}

}  // namespace
}  // namespace reloc
