#include "client/base/progress.h"

#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "reloc/cli/output.h"
#include "reloc/hosted/human_size.h"

namespace reloc {
namespace {

constexpr int64_t kRedrawEveryMs = 100;

volatile sig_atomic_t g_signal = 0;

void Remember(int signal) { g_signal = signal; }

int64_t NowMs() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);  // cannot fail with this clock
  return now.tv_sec * 1000 + now.tv_nsec / 1'000'000;
}

int TerminalColumns() {
  winsize size = {};
  if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return 80;
  return size.ws_col;
}

// Returns "copying    [#####     ]  52%  1.5 GiB", at most `columns` wide.
std::string BarLine(const Progress& progress, int columns) {
  std::string stage(progress.stage), size = HumanSize(static_cast<double>(progress.done));
  if (progress.total == 0) return absl::StrFormat("%-10s %s", stage, size);
  double part = std::min(1.0, static_cast<double>(progress.done) / static_cast<double>(progress.total));
  size_t width = static_cast<size_t>(std::clamp(columns - 32, 0, 50));
  size_t filled = static_cast<size_t>(part * static_cast<double>(width));
  return absl::StrFormat("%-10s [%s%s] %3.0f%%  %s", stage, std::string(filled, '#'),
                         std::string(width - filled, ' '), part * 100, size);
}

}  // namespace

InterruptGuard::InterruptGuard() {
  g_signal = 0;
  for (int signal : {SIGINT, SIGTERM, SIGHUP}) {
    Saved saved{signal, {}};
    sigaction(signal, nullptr, &saved.action);  // cannot fail for these signals, here and below
    if (saved.action.sa_handler == SIG_IGN) continue;
    struct sigaction remember = {};
    remember.sa_handler = Remember;
    remember.sa_flags = SA_RESTART;  // the work checks for itself; no call must fail with EINTR
    sigaction(signal, &remember, nullptr);
    saved_.push_back(saved);
  }
}

InterruptGuard::~InterruptGuard() { Restore(); }

void InterruptGuard::Restore() {
  for (const Saved& saved : saved_) sigaction(saved.signal, &saved.action, nullptr);
  saved_.clear();
}

bool InterruptGuard::Interrupted() { return g_signal != 0; }

void InterruptGuard::DieIfInterrupted() {
  if (!Interrupted()) return;
  Restore();
  raise(g_signal);
}

ProgressBar::ProgressBar() : terminal_(isatty(STDERR_FILENO) == 1) {}

ProgressBar::~ProgressBar() {
  if (!stage_.empty()) DrawLine("");
}

ProgressCallback ProgressBar::callback() {
  return [this](const Progress& progress) {
    if (terminal_) Draw(progress);
    return !InterruptGuard::Interrupted();
  };
}

void ProgressBar::Draw(const Progress& progress) {
  int64_t now = NowMs();
  if (now - drawn_at_ms_ < kRedrawEveryMs && stage_ == progress.stage) return;
  drawn_at_ms_ = now;
  stage_ = progress.stage;
  DrawLine(BarLine(progress, TerminalColumns()));
}

}  // namespace reloc
