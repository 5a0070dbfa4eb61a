// The terminal that a command was called on, while it is used by a job: raw as long as the job has it, and
// unchanged before and after.
#pragma once

#include <sys/ioctl.h>
#include <termios.h>

namespace reloc {

class Terminal {
 public:
  // `fd`, borrowed, is open on a terminal; or it is -1: there is none, and no function does anything.
  explicit Terminal(int fd) : fd_(fd) {}
  ~Terminal() { Restore(); }
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  int fd() const { return fd_; }
  bool valid() const { return fd_ >= 0; }
  bool raw() const { return raw_; }

  // Passes every key on as it is typed: the job's own terminal makes the signals.
  void SetRaw();
  // Restores the modes from before SetRaw().
  void Restore();

  // Returns false, and default modes in `*modes`, if there is no terminal.
  bool ReadModes(struct termios* modes) const;
  struct winsize ReadSize() const;
  // Returns true if this process's group is the terminal's foreground: only then may it read from it and set
  // its modes.
  bool InForeground() const;
  // Returns true once the other end is closed: the connection was lost, or the window was closed.
  bool HungUp() const;

 private:
  int fd_;
  bool raw_ = false;
  struct termios before_ = {};
};

}  // namespace reloc
