// The terminal that a command was called on, when it is handed to a job: raw as long as the job has it, and
// as it was before and after.
#pragma once

#include <sys/ioctl.h>
#include <termios.h>

namespace reloc {

class Terminal {
 public:
  // `fd`, borrowed, is open on a terminal, or -1: there is none, and nothing below does anything.
  explicit Terminal(int fd) : fd_(fd) {}
  ~Terminal() { Restore(); }
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  int fd() const { return fd_; }
  bool valid() const { return fd_ >= 0; }
  bool raw() const { return raw_; }

  // Every key comes as it is typed: signals are made by the job's own terminal.
  void SetRaw();
  // The modes of before SetRaw().
  void Restore();

  // False with default modes for `*modes` if there is no terminal.
  bool ReadModes(struct termios* modes) const;
  struct winsize ReadSize() const;
  // True if this process's group is the terminal's foreground: it alone may read from it and set its modes.
  bool InForeground() const;
  // True once nobody is at the other end any more: the connection was lost, the window was closed.
  bool HungUp() const;

 private:
  int fd_;
  bool raw_ = false;
  struct termios before_ = {};
};

}  // namespace reloc
