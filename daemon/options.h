// relocd's command line and configuration.
#pragma once

#include <stdint.h>

#include <string>

#include "absl/time/time.h"

namespace reloc {

struct Options {
  std::string dir;  // empty: see launch/daemon_dir.h
  std::string log_level = "info";
  std::string log_file;  // empty: stderr
  absl::Duration idle_exit = absl::InfiniteDuration();
  size_t max_roots = 512;
  uint64_t output_limit = 64 << 20;  // bytes that are kept of what a job writes
};

// Parses the command line, and the file that --config names. Returns -1 to go on, or an exit status after a
// text for the user was printed (--help, --version, errors).
int ParseOptions(int argc, char** argv, Options* options);

}  // namespace reloc
