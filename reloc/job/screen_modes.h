// Tracks terminal modes that outlast the output of programs: the alternate screen, a hidden cursor, mouse
// reports.
//
// A terminal that attaches to an editor must be put into these modes, and out of them when it detaches. They
// are what `ESC [ ? n h` sets and `ESC [ ? n l` resets (xterm's "DEC private modes"). Nothing more is
// interpreted: that would be a terminal emulator, and programs redraw their output when the window size
// changes.
#pragma once

#include <bitset>
#include <string>
#include <string_view>

namespace reloc {

class ScreenModes {
 public:
  // Takes the next bytes that a program writes; sequences may be split anywhere.
  void See(std::string_view bytes);

  // Return what puts a terminal into these modes, and out of them.
  std::string Enter() const;
  std::string Leave() const;

 private:
  enum class State { kText, kEscape, kBracket, kNumbers };
  void See(char c);
  void Set(bool on);

  static constexpr size_t kMaxNumbers = 64;  // longer ones belong to no known mode
  std::bitset<12> changed_;  // the modes, in the table's order, that differ from a terminal's initial state
  State state_ = State::kText;
  std::string numbers_;
};

}  // namespace reloc
