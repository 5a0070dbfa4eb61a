#include "reloc/base/text.h"

#include <gtest/gtest.h>

#include <limits>

namespace reloc {
namespace {

TEST(Text, SlicesClampInsteadOfThrowing) {
  EXPECT_EQ(Prefix("abc", 2), "ab");
  EXPECT_EQ(Prefix("abc", 9), "abc");
  EXPECT_EQ(Suffix("abc", 1), "bc");
  EXPECT_EQ(Suffix("abc", 9), "");
}

TEST(Text, SplitsAtTheFirstSeparator) {
  string_view rest = "a:b:c";
  EXPECT_EQ(SplitFirst(rest, ':', &rest), "a");
  EXPECT_EQ(rest, "b:c");
  EXPECT_EQ(SplitFirst("plain", ':', &rest), "plain");
  EXPECT_EQ(rest, "");
}

TEST(Text, ParsesDecimalsAndNothingElse) {
  uint64_t value = 7;
  EXPECT_TRUE(ParseDecimal("18446744073709551615", &value));
  EXPECT_EQ(value, std::numeric_limits<uint64_t>::max());
  for (string_view bad : {"", "-1", "1x", " 1", "18446744073709551616"}) {
    EXPECT_FALSE(ParseDecimal(bad, &value)) << bad;
  }
}

TEST(Text, BuffersFormatNumbers) {
  FixedText<64> text;
  text << 0 << ' ' << std::numeric_limits<int64_t>::min() << ' ' << std::numeric_limits<uint64_t>::max();
  EXPECT_EQ(text.view(), "0 -9223372036854775808 18446744073709551615");
}

TEST(Text, BuffersDropWhatDoesNotFitAndSaySo) {
  FixedText<4> text;
  text << "abc";
  EXPECT_FALSE(text.overflowed());
  text << 'd';
  EXPECT_TRUE(text.overflowed());
  EXPECT_STREQ(text.c_str(), "abc");
  text.Clear();
  EXPECT_FALSE(text.overflowed());
  EXPECT_STREQ(text.c_str(), "");
}

}  // namespace
}  // namespace reloc
