// Typed and shown texts: the keys that detach, and the modes of a screen.
#include <gtest/gtest.h>

#include <string>

#include "reloc/job/detach_keys.h"
#include "reloc/job/replay.h"
#include "reloc/job/screen_modes.h"

namespace reloc {
namespace {

TEST(DetachKeysTest, AreFoundAlsoInPieces) {
  DetachKeys keys = *DetachKeys::Parse("ctrl-p,ctrl-q");
  EXPECT_EQ(keys.Take("abc"), "abc");
  EXPECT_EQ(keys.Take("d\x10"), "d");
  EXPECT_EQ(keys.Take("e"),
            "\x10"
            "e");
  EXPECT_FALSE(keys.found());
  EXPECT_EQ(keys.Take("f\x10"), "f");
  EXPECT_EQ(keys.Take("\x11 lost"), "");
  EXPECT_TRUE(keys.found());
}

TEST(DetachKeysTest, TheFirstKeyTwice) {
  DetachKeys keys = *DetachKeys::Parse("ctrl-p,ctrl-q");
  EXPECT_EQ(keys.Take("\x10\x10\x11"), "\x10");
  EXPECT_TRUE(keys.found());
}

TEST(DetachKeysTest, Spellings) {
  EXPECT_EQ(DetachKeys::Parse("~,.")->Take("a~.b"), "a");
  DetachKeys none = *DetachKeys::Parse("");
  EXPECT_EQ(none.Take("\x10\x11"), "\x10\x11");
  for (const char* wrong : {"ctrl-", "ab", ",", "a,", "ctrl-ab", "\x01", "ctrl-?"}) {
    EXPECT_FALSE(DetachKeys::Parse(wrong).ok()) << wrong;
  }
}

TEST(ScreenModesTest, AreEnteredAndLeft) {
  ScreenModes modes;
  EXPECT_EQ(modes.Leave(), "");
  modes.See("text \x1b[?10");
  modes.See("49h\x1b[31m more \x1b[?25l\x1b[?1;2004h");
  EXPECT_EQ(modes.Enter(), "\x1b[?1h\x1b[?25l\x1b[?1049h\x1b[?2004h");
  EXPECT_EQ(modes.Leave(), "\x1b[?1l\x1b[?25h\x1b[?1049l\x1b[?2004l");
  modes.See("\x1b[?1;25;1049;2004l\x1b[?25h");
  EXPECT_EQ(modes.Leave(), "");
}

TEST(ScreenModesTest, OthersAreLeftAlone) {
  ScreenModes modes;
  modes.See("\x1b[4h\x1b]0;title\x07\x1b[?9999h\x1b[?h\x1b[?" + std::string(1000, '1') + "h\x1b\x1b[?");
  EXPECT_EQ(modes.Enter(), "");
}

TEST(ReplayTest, IsTheLastOutputFromTheBeginningOfALine) {
  Replay replay;
  EXPECT_EQ(replay.Text(), "");
  replay.Append("short");
  EXPECT_EQ(replay.Text(), "short");
  for (int i = 0; i < 20000; ++i) replay.Append("line " + std::to_string(i) + "\n");
  std::string text = replay.Text();
  EXPECT_LE(text.size(), 32u * 1024);
  EXPECT_GT(text.size(), 30u * 1024);
  EXPECT_EQ(text.substr(0, 5), "line ");
  EXPECT_TRUE(text.ends_with("line 19999\n"));
}

}  // namespace
}  // namespace reloc
