#include "reloc/job/terminal.h"

#include <errno.h>
#include <unistd.h>

namespace reloc {

void Terminal::SetRaw() {
  // Also if it is raw already: a shell may have changed the modes while this process was stopped.
  if (!raw_ && ::tcgetattr(fd_, &before_) != 0) return;
  struct termios modes = before_;
  ::cfmakeraw(&modes);
  raw_ = ::tcsetattr(fd_, TCSANOW, &modes) == 0;
}

void Terminal::Restore() {
  // Immediately: waiting until the output was shown (TCSADRAIN) could take for ever. Fails if the terminal
  // was closed.
  if (raw_) (void)::tcsetattr(fd_, TCSANOW, &before_);
  raw_ = false;
}

bool Terminal::ReadModes(struct termios* modes) const { return valid() && ::tcgetattr(fd_, modes) == 0; }

struct winsize Terminal::ReadSize() const {
  struct winsize size = {};
  if (valid()) (void)::ioctl(fd_, TIOCGWINSZ, &size);  // zeros if it fails: a terminal of unknown size
  return size;
}

bool Terminal::InForeground() const { return valid() && ::tcgetpgrp(fd_) == ::getpgrp(); }

bool Terminal::HungUp() const {
  struct termios modes;
  return valid() && ::tcgetattr(fd_, &modes) != 0 && errno == EIO;
}

}  // namespace reloc
