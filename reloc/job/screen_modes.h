// What programs have a terminal do that outlasts them: the alternate screen, a hidden cursor, reports of the
// mouse.
//
// Someone who attaches to an editor must get into these modes, and out of them when he leaves it running.
// They are what `ESC [ ? n h` sets and `ESC [ ? n l` resets (xterm's "DEC private modes"). Nothing else is
// interpreted: that would be a terminal emulator, and what programs draw they draw again when they are told
// of a new window size.
#pragma once

#include <bitset>
#include <string>
#include <string_view>

namespace reloc {

class ScreenModes {
 public:
  // What a program writes next; sequences may be cut anywhere.
  void See(std::string_view bytes);

  // What brings a terminal into these modes, and what brings it back.
  std::string Enter() const;
  std::string Leave() const;

 private:
  enum class State { kText, kEscape, kBracket, kNumbers };
  void See(char c);
  void Set(bool on);

  static constexpr size_t kMaxNumbers = 64;  // longer ones are of no known mode
  std::bitset<12>
      changed_;  // the modes, in the order of the table, that are not as terminals have them at first
  State state_ = State::kText;
  std::string numbers_;
};

}  // namespace reloc
