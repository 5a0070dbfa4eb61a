#include "reloc/hosted/suggest.h"

#include <gtest/gtest.h>

namespace reloc {
namespace {

const std::vector<std::string> kCommands = {"run", "ps", "history", "kill", "logs", "inspect", "daemon"};

TEST(Suggest, FindsTheNameBehindASlip) {
  EXPECT_EQ(Nearest("hisotry", kCommands), "history");
  EXPECT_EQ(Nearest("history", kCommands), "history");
  EXPECT_EQ(Nearest("deamon", kCommands), "daemon");
  EXPECT_EQ(Nearest("kil", kCommands), "kill");
  EXPECT_EQ(Nearest("log", kCommands), "logs");
  EXPECT_EQ(Nearest("inspekt", kCommands), "inspect");
  EXPECT_EQ(Nearest("rn", kCommands), "run");
  EXPECT_EQ(Nearest("pss", kCommands), "ps");
}

TEST(Suggest, TakesTheNearest) {
  EXPECT_EQ(Nearest("--max-root", {"--max-jobs", "--max-roots"}), "--max-roots");
  EXPECT_EQ(Nearest("bat", {"bar", "bath", "at"}), "bar") << "the first of equals";
}

TEST(Suggest, CompletesABeginning) {
  EXPECT_EQ(Nearest("hist", kCommands), "history");
  EXPECT_EQ(Nearest("insp", kCommands), "inspect");
}

TEST(Suggest, SaysNothingWhenNothingIsNear) {
  EXPECT_EQ(Nearest("frobnicate", kCommands), "");
  EXPECT_EQ(Nearest("x", kCommands), "");
  EXPECT_EQ(Nearest("", kCommands), "");
  EXPECT_EQ(Nearest("ps", {}), "");
}

TEST(Suggest, IsTheEndOfAMessage) {
  EXPECT_EQ(DidYouMean("sp", kCommands), "; did you mean 'ps'?");
  EXPECT_EQ(DidYouMean("frobnicate", kCommands), "");
}

}  // namespace
}  // namespace reloc
