#include "bench/launching/sampling.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace reloc::bench {
namespace {

Command Shell(const std::string& script) { return Command({"/bin/sh", "-c", script}, {}); }

TEST(Summarize, TakesTheMiddleWhateverTheOrder) {
  Summary odd = Summarize({5, 1, 3});
  EXPECT_DOUBLE_EQ(odd.median, 3);
  Summary even = Summarize({4, 1, 2, 3});
  EXPECT_DOUBLE_EQ(even.median, 2.5);
}

TEST(Summarize, ATailShowsInThePercentileAlone) {
  std::vector<double> values(100, 10);
  for (size_t i = 0; i < 11; ++i) values[i] = 1000;
  EXPECT_DOUBLE_EQ(Summarize(values).median, 10);
  EXPECT_DOUBLE_EQ(Summarize(values).p90, 1000);
}

TEST(Summarize, OneValueIsAllOfThem) {
  Summary one = Summarize({7});
  EXPECT_DOUBLE_EQ(one.median, 7);
  EXPECT_DOUBLE_EQ(one.p90, 7);
}

TEST(MeasureInterleaved, TimesBelongToTheirCommands) {
  Command quick = Shell("exit 0");
  Command slow = Shell("sleep 0.02");
  absl::StatusOr<std::vector<Summary>> times = MeasureInterleaved({&quick, &slow}, 10);
  ASSERT_TRUE(times.ok()) << times.status();
  ASSERT_EQ(times->size(), 2u);
  EXPECT_GT((*times)[0].median, 0);
  EXPECT_GE((*times)[1].median, 20000);  // sleep(1) never wakes early
}

TEST(MeasureInterleaved, ACommandThatFailsIsNoMeasurement) {
  Command good = Shell("exit 0");
  Command bad = Shell("exit 3");
  absl::StatusOr<std::vector<Summary>> times = MeasureInterleaved({&good, &bad}, 10);
  ASSERT_FALSE(times.ok());
  EXPECT_THAT(std::string(times.status().message()), testing::HasSubstr("exit status 3"));
}

}  // namespace
}  // namespace reloc::bench
