#include "client/watch/top_screen.h"

#include <locale.h>
#include <ncurses.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <wchar.h>

#include <algorithm>

#include "absl/memory/memory.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "client/base/format.h"
#include "client/base/progress.h"
#include "reloc/hosted/human_size.h"
#include "reloc/hosted/text.h"

namespace reloc {
namespace {

constexpr int kHeadRows = 2;
constexpr int kEscape = 27;
constexpr int kDelete = 127;
constexpr char kKeys[] = "q quit  Enter processes  c m i t n a sort  / filter  k kill  h help";

const char* OrderName(TopOrder order) {
  switch (order) {
    case TopOrder::kCpu:
      return "CPU";
    case TopOrder::kMemory:
      return "memory";
    case TopOrder::kTraffic:
      return "I/O";
    case TopOrder::kTime:
      return "CPU time";
    case TopOrder::kName:
      return "name";
    case TopOrder::kAge:
      return "age";
  }
  return "";
}

// Returns the part of `text` that fits into that many columns, padded with blanks. Characters that this
// terminal's character set lacks become '?'.
std::wstring Fit(const std::string& text, int columns) {
  std::wstring fit;
  mbstate_t state = {};
  const char* at = text.data();
  const char* end = at + text.size();
  int used = 0;
  while (at < end && used < columns) {
    wchar_t c = L'?';
    size_t size = ::mbrtowc(&c, at, static_cast<size_t>(end - at), &state);
    if (size == 0 || size > static_cast<size_t>(end - at)) {
      state = {};
      size = 1;
      c = L'?';
    }
    int width = ::wcwidth(c);
    if (width < 0) c = L'?', width = 1;
    if (used + width > columns) break;
    fit.push_back(c);
    used += width;
    at += size;
  }
  return fit.append(static_cast<size_t>(columns - used), L' ');
}

std::string Head() {
  return absl::StrFormat("%-14s %7s S %6s %9s %8s %8s %5s %s", "JOB", "PID", "CPU%", "TIME", "MEMORY",
                         "I/O /s", "PROCS", "COMMAND");
}

std::string Row(const TopLine& line) {
  std::string name = line.is_job ? absl::StrCat(line.open ? "- " : "+ ", line.id) : "";
  if (!line.known) {
    return absl::StrFormat("%-14s %7d %c %6s %9s %8s %8s %5s %s", name, line.pid, line.state, "-", "-", "-",
                           "-", "-", line.command);
  }
  return absl::StrFormat("%-14s %7d %c %6.1f %9.2f %8s %8s %5s %s", name, line.pid, line.state,
                         line.cpu_percent, line.cpu_seconds, HumanSize(line.rss_bytes),
                         HumanSize(line.traffic), line.is_job ? absl::StrCat(line.processes) : "",
                         line.is_job ? line.command : absl::StrCat("  ", line.command));
}

std::string Title(const TopView& view) {
  size_t jobs = 0, processes = 0;
  double cpu = 0, memory = 0;
  for (const TopLine& line : view.lines()) {
    if (!line.is_job) continue;
    ++jobs;
    processes += line.processes;
    cpu += line.cpu_percent;
    memory += line.rss_bytes;
  }
  return absl::StrCat("relocd: ", Counted(jobs, "job"), ", ", Counted(processes, "process", "processes"),
                      ", CPU ", absl::StrFormat("%.1f%%", cpu), ", memory ", HumanSize(memory), "; by ",
                      OrderName(view.order()), view.reversed() ? ", reversed" : "",
                      view.filter().empty() ? "" : absl::StrCat("; only '", view.filter(), "'"));
}

}  // namespace

absl::StatusOr<std::unique_ptr<TopScreen>> TopScreen::Open() {
  constexpr char kFix[] = "; use: relocctl stats --no-stream";
  if (::isatty(STDIN_FILENO) != 1 || ::isatty(STDOUT_FILENO) != 1) {
    return absl::FailedPreconditionError(absl::StrCat("top needs a terminal", kFix));
  }
  ::setlocale(LC_CTYPE, "");
  auto screen = absl::WrapUnique(new TopScreen());
  // Not initscr(3), which ends the process if the terminal is unknown.
  screen->screen_ = ::newterm(nullptr, stdout, stdin);
  if (screen->screen_ == nullptr) {
    const char* term = ::getenv("TERM");
    return absl::FailedPreconditionError(
        absl::StrCat("this terminal (TERM=", term == nullptr ? "" : term, ") is not known", kFix));
  }
  ::cbreak();
  ::noecho();
  ::keypad(stdscr, TRUE);
  ::set_escdelay(50);
  ::curs_set(0);
  return screen;
}

TopScreen::~TopScreen() {
  if (screen_ == nullptr) return;
  ::endwin();
  ::delscreen(static_cast<SCREEN*>(screen_));
}

int TopScreen::rows() const { return std::max(1, LINES - kHeadRows - 1); }

void TopScreen::Put(int row, const std::string& text, bool reverse) {
  if (row < 0 || row >= LINES) return;
  std::wstring fit = Fit(OneLine(text), COLS);
  if (reverse) ::attron(A_REVERSE);
  ::mvaddnwstr(row, 0, fit.data(), static_cast<int>(fit.size()));
  if (reverse) ::attroff(A_REVERSE);
}

void TopScreen::Draw(const TopView& view, const std::string& message) {
  const size_t room = static_cast<size_t>(rows());
  first_ = std::min(first_, view.chosen());
  if (view.chosen() >= first_ + room) first_ = view.chosen() - room + 1;
  ::erase();
  Put(0, Title(view), false);
  Put(1, Head(), true);
  for (size_t i = 0; i < room && first_ + i < view.lines().size(); ++i) {
    Put(kHeadRows + static_cast<int>(i), Row(view.lines()[first_ + i]), first_ + i == view.chosen());
  }
  Put(LINES - 1, message.empty() ? kKeys : message, false);
  ::refresh();
}

void TopScreen::DrawHelp() {
  constexpr const char* kHelp[] = {
      "relocctl top: jobs, and what they use",
      "",
      "  Up, Down, PgUp, PgDn, Home, End   choose a line",
      "  Enter, space                      show or hide the processes of the job",
      "  c m i t n a                       sort by CPU, memory, I/O, CPU time, name, age;",
      "                                    the same key again turns the order round",
      "  /                                 show only jobs whose name, command or id contains a text",
      "  k                                 send the job a signal; asks which",
      "  q                                 quit",
      "",
      "CPU% is of one processor. I/O is that of block devices. S is the state of the process.",
      "",
      "Any key goes back."};
  ::erase();
  int row = 0;
  for (const char* line : kHelp) Put(row++, line, false);
  ::refresh();
}

int TopScreen::ReadKey(int timeout_ms) {
  ::timeout(timeout_ms);
  int key = ::getch();
  switch (key) {
    case KEY_UP:
      return kUp;
    case KEY_DOWN:
      return kDown;
    case KEY_PPAGE:
      return kPageUp;
    case KEY_NPAGE:
      return kPageDown;
    case KEY_HOME:
      return kHome;
    case KEY_END:
      return kEnd;
    case KEY_ENTER:
      return '\n';
    case KEY_BACKSPACE:
      return kDelete;
    default:
      return key > 0 && key < 256 ? key : kNone;
  }
}

bool TopScreen::ReadLine(const std::string& prompt, std::string* line) {
  while (true) {
    Put(LINES - 1, absl::StrCat(prompt, *line, "_"), false);
    ::refresh();
    int key = ReadKey(1000);
    if (key == kEscape || InterruptGuard::Interrupted()) return false;
    if (key == '\n' || key == '\r') return true;
    if (key == kDelete || key == '\b') {
      if (!line->empty()) line->pop_back();
    } else if (key >= ' ') {
      line->push_back(static_cast<char>(key));
    }
  }
}

}  // namespace reloc
