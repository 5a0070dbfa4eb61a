#include "reloc/job/pty.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

#include <utility>

#include "reloc/fault/fault.h"
#include "reloc/hosted/files.h"
#include "reloc/hosted/status.h"

namespace reloc {

absl::StatusOr<Pty> OpenPty(const struct termios* modes, const struct winsize& size) {
  Pty pty;
  if (fault::Fails(fault::Point::kJobPty)) return SystemError(errno, "cannot make a terminal");
  RELOC_ASSIGN_OR_RETURN(pty.master, OpenFile("/dev/ptmx", O_RDWR | O_NOCTTY | O_NONBLOCK));
  if (::unlockpt(pty.master.get()) != 0) return SystemError(errno, "cannot unlock a terminal");
  // By descriptor (Linux 4.13, ioctl_tty(2)): the name may lead to another file in this mount namespace.
  pty.slave.Reset(::ioctl(pty.master.get(), TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC));
  if (!pty.slave.valid()) return SystemError(errno, "cannot open a terminal");
  if (modes != nullptr && ::tcsetattr(pty.slave.get(), TCSANOW, modes) != 0) {
    return SystemError(errno, "cannot set a terminal's modes");
  }
  if (::ioctl(pty.master.get(), TIOCSWINSZ, &size) != 0) {
    return SystemError(errno, "cannot set a terminal's size");
  }
  return pty;
}

}  // namespace reloc
