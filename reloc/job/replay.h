// Keeps the last output of a job, for clients that attach to it.
#pragma once

#include <string>
#include <string_view>

#include "reloc/job/screen_modes.h"

namespace reloc {

class Replay {
 public:
  void Append(std::string_view bytes);

  // Return about the last screenful, beginning at the start of a line, for a terminal or for any reader.
  std::string ForTerminal() const { return modes_.Enter() + Text(); }
  std::string Text() const;

 private:
  static constexpr size_t kSize = 32 * 1024;
  ScreenModes modes_;
  std::string bytes_;  // at most twice kSize
  bool cut_ = false;   // there was earlier output
};

}  // namespace reloc
