#include "client/base/time_arg.h"

#include <gtest/gtest.h>

namespace reloc {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(1700000000);
const absl::TimeZone kZone = absl::FixedTimeZone(3600);

absl::Time Parse(absl::string_view text) {
  absl::StatusOr<absl::Time> time = ParseTimeArgument(text, kNow, kZone);
  return time.ok() ? *time : absl::InfinitePast();
}

TEST(TimeArgTest, HowLongAgo) {
  EXPECT_EQ(Parse("2h"), kNow - absl::Hours(2));
  EXPECT_EQ(Parse("1h30m"), kNow - absl::Minutes(90));
  EXPECT_EQ(Parse("3d"), kNow - absl::Hours(72));
  EXPECT_EQ(Parse("10m ago"), kNow - absl::Minutes(10));
}

TEST(TimeArgTest, Moments) {
  EXPECT_EQ(Parse("1234567890"), absl::FromUnixSeconds(1234567890));
  EXPECT_EQ(Parse("2009-02-13T23:31:30Z"), absl::FromUnixSeconds(1234567890));
  EXPECT_EQ(Parse("2009-02-13T22:31:30.5-01:00"), absl::FromUnixMillis(1234567890500));
  EXPECT_EQ(Parse("1970-01-02"), absl::FromUnixSeconds(86400 - 3600));
  EXPECT_EQ(Parse("1970-01-02T03:04"), absl::FromUnixSeconds(86400 + 2 * 3600 + 4 * 60));
  EXPECT_EQ(Parse("1970-01-02 03:04:05"), absl::FromUnixSeconds(86400 + 2 * 3600 + 4 * 60 + 5));
}

TEST(TimeArgTest, NoTimes) {
  for (const char* text : {"", "yesterday", "2x", "-2h", "-1d", "2026-13-01", "12:00"}) {
    EXPECT_FALSE(ParseTimeArgument(text, kNow, kZone).ok()) << text;
  }
}

}  // namespace
}  // namespace reloc
