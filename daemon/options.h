// relocd's command line and configuration.
#pragma once

#include <string>

#include "absl/time/time.h"

namespace reloc {

struct Options {
  std::string dir;  // empty: see launch/daemon_dir.h
  std::string log_level = "info";
  std::string log_file;  // empty: stderr
  absl::Duration idle_exit = absl::InfiniteDuration();
  size_t max_roots = 512;
  // Of both, empty: none. %u and %U in them: see metrics/expand_user.h.
  std::string metrics_listen;    // see metrics/listen_address.h
  std::string metrics_textfile;  // see metrics/textfile.h
  absl::Duration metrics_interval = absl::Seconds(15);
};

// Parses the command line, and the file that --config names. Returns -1 to go on, or an exit status after a
// text for the user was printed (--help, --version, errors).
int ParseOptions(int argc, char** argv, Options* options);

}  // namespace reloc
