#include "reloc/base/one_line.h"

#include <gtest/gtest.h>

#include <string>

namespace reloc {
namespace {

std::string Shown(string_view text, LineStyle style = LineStyle::kOneLine) {
  std::string all;
  char memory[kMaxEscape];
  while (!text.empty()) all += TakeShown(&text, style, memory);
  return all;
}

TEST(OneLineTest, OrdinaryTextStays) {
  for (const char* text : {"", "sed -n 's/a\\b/c/p'", "Grüße, Ελλάδα, 日本語, 😀", "\xf4\x8f\xbf\xbf"}) {
    EXPECT_EQ(Shown(text), text);
  }
}

TEST(OneLineTest, WhatATerminalWouldObeyIsShown) {
  EXPECT_EQ(Shown("a\nb\tc\r"), "a\\x0ab\\x09c\\x0d");
  EXPECT_EQ(Shown(string_view("\0\x1b]0;title\x07", 11)), "\\x00\\x1b]0;title\\x07");
  EXPECT_EQ(Shown("\x7f"), "\\x7f");
  EXPECT_EQ(Shown("\u009b31m"), "\\u009b31m");  // C1 as UTF-8
  EXPECT_EQ(Shown("\x9b"
                  "31m"),
            "\\x9b31m");  // and as a byte
}

TEST(OneLineTest, WhatChangesTheTextAroundItIsShown) {
  EXPECT_EQ(Shown("\u202egnp.exe"), "\\u202egnp.exe");
  EXPECT_EQ(Shown("\u2066\u2069\u200e\u200f\u061c"), "\\u2066\\u2069\\u200e\\u200f\\u061c");
  EXPECT_EQ(Shown("\u2028\u2029\u200b\ufeff"), "\\u2028\\u2029\\u200b\\ufeff");
  EXPECT_EQ(Shown("\U000e0041"), "\\U000e0041");
}

TEST(OneLineTest, WhatIsNotUtf8IsShownByteByByte) {
  EXPECT_EQ(Shown("\xff\xfe"), "\\xff\\xfe");
  EXPECT_EQ(Shown("\xc3("), "\\xc3(");
  EXPECT_EQ(Shown("\xe2\x82"), "\\xe2\\x82");           // truncated
  EXPECT_EQ(Shown("\xc0\x9b"), "\\xc0\\x9b");           // overlong
  EXPECT_EQ(Shown("\xed\xa0\x80"), "\\xed\\xa0\\x80");  // a surrogate
  EXPECT_EQ(Shown("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80");
}

TEST(OneLineTest, TwiceIsAsOnce) {
  const std::string once = Shown("\x1b[0m\u202e\xff\\");
  EXPECT_EQ(Shown(once), once);
}

TEST(OneLineTest, LinesAndJson) {
  EXPECT_EQ(Shown("a\n\tb\x1b", LineStyle::kManyLines), "a\n\tb\\x1b");
  EXPECT_EQ(Shown("\"\u009b\u202e\xff\U000e0041\"", LineStyle::kJson),
            "\"\\u009b\\u202e\\ufffd\\udb40\\udc41\"");
}

TEST(OneLineTest, FillsTheRoomThatThereIs) {
  FixedText<8> line;
  AppendOneLine(
      "ab\x1b"
      "cdefgh",
      &line);
  EXPECT_EQ(line.view(), "ab\\x1bc");
  line.Clear();
  AppendOneLine("abcde\x1b", &line);  // no partial escape
  EXPECT_EQ(line.view(), "abcde");
}

}  // namespace
}  // namespace reloc
