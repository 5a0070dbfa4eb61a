// Shows a progress bar on the terminal, and handles ^C such that nothing is left behind.
#pragma once

#include <csignal>
#include <string>
#include <vector>

#include "reloc/hosted/progress.h"

namespace reloc {

// While this exists, SIGINT, SIGTERM and SIGHUP only make Interrupted() true, so that the work undoes what it
// did; signals that were ignored before (nohup) still are. At most one at a time.
class InterruptGuard {
 public:
  InterruptGuard();
  ~InterruptGuard();
  InterruptGuard(const InterruptGuard&) = delete;
  InterruptGuard& operator=(const InterruptGuard&) = delete;

  static bool Interrupted();
  // Ends the process by the signal that came, as the caller expects; returns if none came.
  void DieIfInterrupted();

 private:
  void Restore();
  struct Saved {
    int signal;
    struct sigaction action;
  };
  std::vector<Saved> saved_;
};

// Draws one line on stderr if that is a terminal; nothing otherwise. No library: Debian has none for a bar,
// and this one needs 30 lines.
class ProgressBar {
 public:
  ProgressBar();
  ~ProgressBar();  // erases the bar
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;

  // Returns a callback that stops the work once Interrupted(). It refers to this object.
  ProgressCallback callback();

 private:
  void Draw(const Progress& progress);

  const bool terminal_;
  int64_t drawn_at_ms_ = 0;
  std::string stage_;
};

}  // namespace reloc
