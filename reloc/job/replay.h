// The last output of a job, for whoever attaches to it.
#pragma once

#include <string>
#include <string_view>

#include "reloc/job/screen_modes.h"

namespace reloc {

class Replay {
 public:
  void Append(std::string_view bytes);

  // About the last screenful, from the beginning of a line on, for a terminal or any reader.
  std::string ForTerminal() const { return modes_.Enter() + Text(); }
  std::string Text() const;

 private:
  static constexpr size_t kSize = 32 * 1024;
  ScreenModes modes_;
  std::string bytes_;  // at most twice kSize
  bool cut_ = false;   // something was before
};

}  // namespace reloc
