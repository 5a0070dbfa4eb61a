// Parses the command line of `relocctl run`. Not with CLI11: see run.h.
#pragma once

#include <string>
#include <string_view>

#include "reloc/job/detach_keys.h"

namespace reloc {

enum class RunPlacement { kCaller, kDetached, kSupervised };

struct RunOptions {
  std::string_view engine;
  RunPlacement placement = RunPlacement::kCaller;
  std::string_view name;
  bool pty = false;     // --pty
  bool no_pty = false;  // --no-pty
  bool allow_escape = false;
  std::string_view detach_keys = kDefaultDetachKeys;

  char** command = nullptr;  // PROGRAM [ARG...]
  bool help = false;
  std::string error;  // one line; empty if there is none
};

// `argv` begins after "run".
RunOptions ParseRunOptions(char** argv);

}  // namespace reloc
