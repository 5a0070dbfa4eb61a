#include "reloc/job/screen_modes.h"

#include <stddef.h>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace reloc {
namespace {

struct Mode {
  int number;
  bool at_first;  // the initial state of terminals
};

constexpr Mode kModes[] = {
    {1, false},     // cursor keys send application sequences
    {25, true},     // the cursor is shown
    {47, false},    // the alternate screen, in three ways
    {1047, false},  //
    {1049, false},  //
    {1000, false},  // mouse reports
    {1002, false},  //
    {1003, false},  //
    {1004, false},  // focus reports
    {1006, false},  // how the mouse is reported
    {2004, false},  // pasted text is marked
    {2026, false},  // drawing waits
};

}  // namespace

void ScreenModes::See(std::string_view bytes) {
  for (char c : bytes) See(c);
}

void ScreenModes::See(char c) {
  if (c == '\x1b') {
    state_ = State::kEscape;
    return;
  }
  switch (state_) {
    case State::kText:
      return;
    case State::kEscape:
      state_ = c == '[' ? State::kBracket : State::kText;
      return;
    case State::kBracket:
      state_ = c == '?' ? State::kNumbers : State::kText;
      numbers_.clear();
      return;
    case State::kNumbers:
      if ((('0' <= c && c <= '9') || c == ';') && numbers_.size() < kMaxNumbers) {
        numbers_.push_back(c);
        return;
      }
      if (c == 'h' || c == 'l') Set(c == 'h');
      state_ = State::kText;
  }
}

void ScreenModes::Set(bool on) {
  for (absl::string_view text : absl::StrSplit(numbers_, ';')) {
    int number = 0;
    if (!absl::SimpleAtoi(text, &number)) continue;
    for (size_t i = 0; i < std::size(kModes); ++i) {
      if (kModes[i].number == number) changed_[i] = on != kModes[i].at_first;
    }
  }
}

std::string ScreenModes::Enter() const {
  std::string sequences;
  for (size_t i = 0; i < std::size(kModes); ++i) {
    if (changed_[i]) absl::StrAppend(&sequences, "\x1b[?", kModes[i].number, kModes[i].at_first ? "l" : "h");
  }
  return sequences;
}

std::string ScreenModes::Leave() const {
  std::string sequences;
  for (size_t i = 0; i < std::size(kModes); ++i) {
    if (changed_[i]) absl::StrAppend(&sequences, "\x1b[?", kModes[i].number, kModes[i].at_first ? "h" : "l");
  }
  return sequences;
}

}  // namespace reloc
