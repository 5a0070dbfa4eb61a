// relocd's command line and configuration.
#pragma once

#include <stdint.h>

#include <string>

#include "absl/time/time.h"
#include "daemon/metrics/outlets.h"

namespace reloc {

struct Options {
  std::string dir;  // empty: see launch/daemon_dir.h
  std::string log_level = "info";
  std::string log_file;     // empty: stderr, or with `background` a file in the state directory
  bool background = false;  // started by relocctl, which wants to know when we serve, and goes
  absl::Duration idle_exit = absl::InfiniteDuration();
  size_t max_roots = 512;
  uint64_t output_limit = 64 << 20;            // bytes that are kept of what a job writes
  size_t history_limit = 10000;                // jobs
  unsigned int history_days = 90;              // 0: as long as there is room
  std::string mirror_dir;                      // absolute; empty: see reloc/mirror/cache_dir.h
  uint64_t mirror_limit = uint64_t{10} << 30;  // bytes; 0: none
  unsigned int mirror_after = 3;               // launches; 0: never
  bool mirror_all = false;                     // also packs on local disks
  absl::Duration mirror_patience = absl::Seconds(60);
  MetricsSettings metrics;

  // Not set by anybody: what main() finds out about this host, once, as the file systems may hang.
  std::string state_dir;      // see reloc/storage/state_dir.h
  std::string found_warning;  // for the log; empty: none
  bool no_mirrors = false;    // there is no cache of mirrors
};

// Parses the configuration files and the command line; see daemon/config_layers.h. Returns -1 to go on, or an
// exit status after a text for the user was printed (--help, --version, --print-config, errors).
int ParseOptions(int argc, char** argv, const char* const* envp, Options* options);

}  // namespace reloc
