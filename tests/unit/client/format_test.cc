#include "client/base/format.h"

#include <gtest/gtest.h>

namespace reloc {
namespace {

TEST(JsonTest, RecordsKeepTheirOrderAndNulls) {
  Record record = {
      {"name", JsonText("sed")}, {"pid", JsonNumber(42)}, {"exit_code", JsonNull()}, {"ok", JsonBool(true)}};
  EXPECT_EQ(ToJson(record), R"({"name": "sed", "pid": 42, "exit_code": null, "ok": true})");
  EXPECT_EQ(ToJson(std::vector<Record>{}), "[]");
  EXPECT_EQ(ToJson({{{"a", JsonNumber(1)}}, {{"a", JsonNumber(2)}}}), "[{\"a\": 1},\n {\"a\": 2}]");
}

TEST(JsonTest, WhatATerminalWouldObeyIsEscapedAsJsonDoes) {
  EXPECT_EQ(ToJson({{"t", JsonText("\x1b\x7f\u009b\u202e\U000e0041")}}),
            R"({"t": "\u001b\u007f\u009b\u202e\udb40\udc41"})");
}

TEST(JsonTest, NumbersAreExact) {
  EXPECT_EQ(ToJson({{"n", JsonNumber(4026532178)}}), R"({"n": 4026532178})");
  EXPECT_EQ(ToJson({{"n", JsonNumber(1099511627776)}}), R"({"n": 1099511627776})");
  EXPECT_EQ(ToJson({{"n", JsonNumber(0.25)}}), R"({"n": 0.25})");
}

TEST(JsonTest, TextsAreEscapedAndAlwaysUtf8) {
  EXPECT_EQ(ToJson({{"t", JsonText("a\"b\\c\n\t")}}), R"({"t": "a\"b\\c\n\t"})");
  EXPECT_EQ(ToText(JsonText("grün €")), "grün €");
  EXPECT_EQ(ToText(JsonText("\xff"
                            "a\xc3")),
            "\uFFFD"
            "a\uFFFD");
  EXPECT_EQ(ToText(JsonText("\xc0\xaf")), "\uFFFD\uFFFD");                      // overlong
  EXPECT_EQ(ToText(JsonText("\xed\xa0\x80")), "\uFFFD\uFFFD\uFFFD");            // a surrogate
  EXPECT_EQ(ToText(JsonText("\xf4\x90\x80\x80")), "\uFFFD\uFFFD\uFFFD\uFFFD");  // above U+10FFFF
}

class FilterTest : public testing::Test {
 protected:
  bool Matches(std::vector<std::string> filters) {
    Filter filter;
    for (const std::string& text : filters) EXPECT_TRUE(filter.Add(text).ok());
    return filter.Matches(record_);
  }
  Record record_ = {{"name", JsonText("a=b")}, {"pid", JsonNumber(42)}, {"exit_code", JsonNull()}};
};

TEST_F(FilterTest, ComparesTexts) {
  EXPECT_TRUE(Matches({}));
  EXPECT_TRUE(Matches({"pid=42"}));
  EXPECT_FALSE(Matches({"pid=4"}));
  EXPECT_TRUE(Matches({"name=a=b"}));
  EXPECT_TRUE(Matches({"exit_code="}));
}

TEST_F(FilterTest, KeysAreAllNeededAndValuesAreAlternatives) {
  EXPECT_TRUE(Matches({"pid=42", "name=a=b"}));
  EXPECT_FALSE(Matches({"pid=42", "name=x"}));
  EXPECT_TRUE(Matches({"pid=41", "pid=42"}));
}

TEST_F(FilterTest, MistakesAreNamed) {
  Filter filter;
  EXPECT_FALSE(filter.Add("pid").ok());
  EXPECT_FALSE(filter.Add("=42").ok());
  ASSERT_TRUE(filter.Add("colour=red").ok());
  EXPECT_EQ(filter.CheckKeys(record_).message(),
            "--filter colour: no such key; there are name, pid, exit_code");
}

TEST(TableTest, ColumnsAreAligned) {
  EXPECT_EQ(Table({{"ID", "NAME", "X"}, {"1", "grün", "y"}, {"22", "a", ""}}),
            "ID  NAME  X\n"
            "1   grün  y\n"
            "22  a     \n");
}

TEST(TableTest, ControlCharactersDoNotReachTheTerminal) {
  std::string table = Table({{"COMMAND"}, {"\x1b[31mred\r\n\a"}});
  EXPECT_EQ(table, "COMMAND\n\\x1b[31mred\\x0d\\x0a\\x07\n");
}

}  // namespace
}  // namespace reloc
