#include "client/watch/top_view.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include "client/base/signal_name.h"

namespace reloc {
namespace {

TEST(RatesTest, AreDifferencesByTime) {
  Rates rates = RatesBetween({10, 1.0, 1000, 0}, {12, 2.0, 5000, 0});
  EXPECT_DOUBLE_EQ(*rates.cpu_percent, 50);
  EXPECT_DOUBLE_EQ(*rates.read_per_second, 2000);
  EXPECT_DOUBLE_EQ(*rates.written_per_second, 0);
}

TEST(RatesTest, ProcessesThatEndedTakeNothingBack) {
  Rates rates = RatesBetween({10, 5.0, 5000, 0}, {11, 1.0, 10, 0});
  EXPECT_DOUBLE_EQ(*rates.cpu_percent, 0);
  EXPECT_DOUBLE_EQ(*rates.read_per_second, 0);
  EXPECT_FALSE(RatesBetween({10, 0, 0, 0}, {10, 1, 0, 0}).cpu_percent);
}

TEST(SignalNameTest, NamesAndNumbers) {
  for (const char* text : {"TERM", "SIGTERM", "term", "sigterm", "15"})
    EXPECT_EQ(*ParseSignal(text), 15) << text;
  EXPECT_EQ(*ParseSignal("0"), 0);
  EXPECT_EQ(*ParseSignal("RTMIN"), SIGRTMIN);
  EXPECT_EQ(*ParseSignal("SIGRTMAX-1"), SIGRTMAX - 1);
}

TEST(SignalNameTest, Mistakes) {
  for (const char* text : {"", "SIG", "TREM", "65", "-1", "RTMIN-1", "RTMIN+99", "RTMAX+1", "1.5"}) {
    EXPECT_FALSE(ParseSignal(text).ok()) << text;
  }
  EXPECT_THAT(std::string(ParseSignal("TREM").status().message()), testing::HasSubstr("'TERM'"));
}

}  // namespace
}  // namespace reloc
