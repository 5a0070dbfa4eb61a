#include "reloc/launch/program_proxy.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "reloc/base/file.h"
#include "reloc/launch/signals.h"
#include "reloc/launch/tracer_link.h"

namespace reloc {
namespace {

// Returns the text of /proc/PID/status after `key`; empty if it is not there.
string_view ReadStatus(int pid, string_view key, TextBuffer* status) {
  FixedText<64> path;
  path << "/proc/" << pid << "/status";
  if (!ReadSmallFile(path.c_str(), status).ok()) return {};
  size_t at = status->view().find(key);
  return at == string_view::npos ? string_view() : Suffix(status->view(), at + key.size());
}

// Returns true if SIGCONT was sent to the process and is not yet delivered.
bool IsToContinue(int pid) {
  FixedText<4096> status;
  // There are sixteen hexadecimal digits, the last one for the signals 1 to 4.
  string_view digit = Prefix(Suffix(ReadStatus(pid, "\nShdPnd:\t", &status), 15 - (SIGCONT - 1) / 4), 1);
  constexpr string_view kDigits = "0123456789abcdef";
  return digit.size() == 1 && (kDigits.find(digit[0]) >> (SIGCONT - 1) % 4 & 1) != 0;
}

// Returns true if the process is stopped by its tracer, or has ended.
bool IsHeld(int pid) {
  FixedText<4096> status;
  string_view state = Prefix(ReadStatus(pid, "\nState:\t", &status), 1);
  constexpr string_view kHeld = "tTZX";
  return state.empty() || kHeld.find(state[0]) != string_view::npos;
}

// Has a limit: a program that blocks the signal or waits for a file server never stops.
void AwaitHeld(int pid) {
  constexpr struct timespec kPause = {0, 1000000};
  constexpr int kPauses = 200;
  for (int i = 0; i < kPauses && !IsHeld(pid); ++i) (void)::nanosleep(&kPause, nullptr);
}

// Stops this process together with the program. PRoot restarts what a signal has stopped, so the tracer is
// stopped. The program may already be back in a read(2) of the terminal; a harmless signal makes it stop
// there. Only then may the shell continue: what is typed now is not for the program.
//
// The SIGCONT that continued this process was sent to it alone, or to its process group with the program.
void StopAs(int signal, const TracedProgram& program) {
  int status = 0;
  ::kill(program.tracer, SIGSTOP);
  while (::waitpid(program.tracer, &status, WUNTRACED) < 0 && errno == EINTR) {
  }
  // The pid cannot belong to another process: the program's parent is stopped by the same tracer and cannot
  // wait for it.
  ::kill(program.pid, SIGURG);
  AwaitHeld(program.pid);
  TakeDefaultAction(signal);
  if (!IsToContinue(program.pid)) ::kill(program.pid, SIGCONT);
  ::kill(program.tracer, SIGCONT);
}

void PassOn(const signalfd_siginfo& info, const TracedProgram& program) {
  // The tracer stopped or continued; or a child that the caller had before.
  bool is_of_child = info.ssi_signo == SIGCHLD && info.ssi_code > 0;
  // StopAs() has handled SIGCONT, which does nothing to a process that was not stopped.
  if (is_of_child || info.ssi_signo == SIGCONT || IsFromTerminal(info)) return;
  TraceMessage message{TraceEvent::kSignal, static_cast<int>(info.ssi_signo)};
  // If there is no receiver, the socket reports its end next.
  (void)SendTrace(program.socket.get(), message).ok();
}

void HandleMessage(const TracedProgram& program) {
  TraceMessage message{};
  // Tracer or tracee were killed, and the program with them.
  if (!ReceiveTrace(program.socket.get(), &message).ok()) EndAs(SIGKILL);
  if (message.event == TraceEvent::kEnded) EndAs(message.value);
  if (message.event == TraceEvent::kStopped) StopAs(message.value, program);
}

}  // namespace

void ActForProgram(TracedProgram program) {
  const sigset_t all = EverySignal();
  UniqueFd signals(::signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK));
  struct pollfd events[2] = {{program.socket.get(), POLLIN, 0}, {signals.get(), POLLIN, 0}};
  while (true) {
    if (::poll(events, 2, -1) < 0) continue;  // EINTR: a stop and its end
    if (events[0].revents != 0) HandleMessage(program);
    signalfd_siginfo info;
    while (::read(signals.get(), &info, sizeof info) == sizeof info) PassOn(info, program);
  }
}

}  // namespace reloc
