// A pseudo-terminal: a job's terminal, and its other end.
#pragma once

#include <sys/ioctl.h>
#include <termios.h>

#include "absl/status/statusor.h"
#include "reloc/base/unique_fd.h"

namespace reloc {

struct Pty {
  UniqueFd master;  // non-blocking
  UniqueFd slave;   // the job's
};

// Opens one with the modes of another terminal, or the kernel's own if `modes` is nullptr.
absl::StatusOr<Pty> OpenPty(const struct termios* modes, const struct winsize& size);

}  // namespace reloc
