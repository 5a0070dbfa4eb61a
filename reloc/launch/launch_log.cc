#include "reloc/launch/launch_log.h"

#include <time.h>

#include "reloc/base/file.h"
#include "reloc/base/one_line.h"

namespace reloc {

void LaunchLog::Write(const char* kind, string_view line) const {
  FixedText<1900> shown;
  AppendOneLine(line, &shown);
  FixedText<2048> text;
  text << program_ << ": " << kind << shown.view() << '\n';
  // There is no way to report that stderr itself fails.
  Errno ignored = WriteAll(fd_, text.view());
  static_cast<void>(ignored);
}

uint64_t MonotonicMicros() {
  struct timespec now;
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<uint64_t>(now.tv_sec) * 1000000 + static_cast<uint64_t>(now.tv_nsec) / 1000;
}

}  // namespace reloc
