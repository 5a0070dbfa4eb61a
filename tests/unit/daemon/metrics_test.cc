#include "daemon/metrics/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/daemon/fixture.h"
#include "tests/unit/daemon/metrics_fixture.h"

namespace reloc {
namespace {

using testing::HasSubstr;
using testing::Not;

class MetricsTest : public MetricsFixture {
 protected:
  absl::Status Start(pid_t pid, Engine engine, Reason reason) {
    absl::StatusOr<UniqueFd> fd = OpenPidfd(pid, BootTimeNow());
    if (!fd.ok()) return fd.status();
    LaunchMessage message;
    message.type = MessageType::kStarted;
    message.engine = engine;
    message.reason = reason;
    return jobs_.Started(*std::move(fd), pid, getuid(), message, nullptr);
  }
};

TEST_F(MetricsTest, EverySeriesIsThereFromTheStart) {
  std::string text = Text();
  for (const char* line : {
           "relocd_launches_total{engine=\"userns\",placement=\"caller\",result=\"ok\"} 0\n",
           "relocd_launches_total{engine=\"proot\",placement=\"daemon\",result=\"fallback\"} 0\n",
           "relocd_fallbacks_total{reason=\"daemon_silent\"} 0\n",
           "relocd_launch_duration_seconds_count 0\n",
           "relocd_jobs{engine=\"fakechroot\",state=\"lost\"} 0\n",
           "relocd_roots 0\n",
           "relocd_mirror_bytes 0\n",
           "relocd_mirror_limit_bytes 0\n",
           "relocd_build_info{version=\"" RELOC_VERSION "\"} 1\n",
           "# TYPE process_cpu_seconds_total counter\n",
           "\nprocess_resident_memory_bytes ",
           "\nprocess_start_time_seconds ",
       }) {
    EXPECT_THAT(text, HasSubstr(line));
  }
  EXPECT_THAT(text, Not(HasSubstr("none")));
}

TEST_F(MetricsTest, LaunchesAndJobsAreCounted) {
  Child child(SleepForEver);
  Child other(SleepForEver);
  ASSERT_TRUE(Start(child.pid(), Engine::kUserns, Reason::kNone).ok());
  ASSERT_TRUE(Start(other.pid(), Engine::kProot, Reason::kEngine).ok());
  std::string text = Text();
  EXPECT_THAT(text, HasSubstr("{engine=\"userns\",placement=\"caller\",result=\"ok\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("{engine=\"proot\",placement=\"caller\",result=\"fallback\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("relocd_fallbacks_total{reason=\"engine\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("relocd_jobs{engine=\"userns\",state=\"running\"} 1\n"));
  kill(child.pid(), SIGKILL);
  ASSERT_TRUE(RunUntil(*loop_, [this] { return jobs_.running() == 1; }));
  text = Text();
  EXPECT_THAT(text, HasSubstr("relocd_jobs{engine=\"userns\",state=\"running\"} 0\n"));
  EXPECT_THAT(text, HasSubstr("relocd_jobs{engine=\"userns\",state=\"killed\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("relocd_jobs{engine=\"proot\",state=\"running\"} 1\n"));
}

TEST_F(MetricsTest, AStrangeMessageIsNotCounted) {
  Child child(SleepForEver);
  ASSERT_TRUE(Start(child.pid(), Engine::kNone, Reason::kNone).ok());
  EXPECT_THAT(Text(), Not(HasSubstr("result=\"ok\"} 1\n")));
}

TEST_F(MetricsTest, WaitsAreObservedInSeconds) {
  metrics_.Answered(absl::Milliseconds(2));
  std::string text = Text();
  EXPECT_THAT(text, HasSubstr("relocd_launch_duration_seconds_bucket{le=\"0.001\"} 0\n"));
  EXPECT_THAT(text, HasSubstr("relocd_launch_duration_seconds_bucket{le=\"0.0025\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("relocd_launch_duration_seconds_sum 0.002\n"));
}

}  // namespace
}  // namespace reloc
