// Writes one line on stderr at a time: errors, and with RELOC_DEBUG=1 each decision and step with its
// duration.
//
// Each line is one write(2), without stdio: the shim has no stdio, and lines of concurrent launches must not
// be mixed.
#pragma once

#include "reloc/base/text.h"

namespace reloc {

class LaunchLog {
 public:
  // `program`: the prefix of each line, "reloc" or "relocctl". `fd`: where to write instead of stderr;
  // borrowed.
  LaunchLog(const char* program, bool debug, int fd = 2) : program_(program), debug_(debug), fd_(fd) {}
  bool debug() const { return debug_; }

  void Error(string_view line) const { Write("", line); }
  void Warning(string_view line) const { Write("warning: ", line); }
  void Debug(string_view line) const {
    if (debug_) Write("debug: ", line);
  }

 private:
  void Write(const char* kind, string_view line) const;

  const char* program_;
  bool debug_;
  int fd_;
};

// Returns CLOCK_MONOTONIC in microseconds.
uint64_t MonotonicMicros();

}  // namespace reloc
