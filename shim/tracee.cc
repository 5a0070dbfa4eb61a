// The first process under a tracer (reloc/launch/tracer.h), and the program's parent. It runs the program
// with what the caller sent, reports when it stops and ends, and passes signals on.
//
// The program is killed with it, and it with the tracer (PR_SET_PDEATHSIG): without its tracer a program has
// lost its store, or even the system calls that a filter passes to the tracer. It also ends when the caller's
// process is killed, so that the program ends as if it had been that process.
//
// usage: tracee SOCKET LOADER PREFIX PROGRAM     (descriptors by number; LOADER may be -1)
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <utility>

#include "reloc/launch/arena.h"
#include "reloc/launch/tracer_link.h"

namespace reloc {
namespace {

struct Arguments {
  int socket;
  int loader;
  const char* prefix;
  const char* program;
};

// System calls with paths that are newer than PRoot 5.1 (Debian's). It does not change their paths, so that
// `ls` would not find what `cat` reads. By number, because musl does not have them all.
constexpr uint32_t kLateCalls[] = {316 /* renameat2 */, 322 /* execveat */,   332 /* statx */,
                                   437 /* openat2 */,   439 /* faccessat2 */, 452 /* fchmodat2 */};

bool TracerKnowsLateCalls(const char* prefix) {
  char memory[256];  // struct statx
  return ::syscall(SYS_statx, AT_FDCWD, prefix, 0, 0, memory) == 0;
}

// From linux/filter.h, linux/seccomp.h and linux/audit.h, which musl's headers lack.
struct BpfStep {
  uint16_t code;
  uint8_t if_true, if_false;  // steps to skip
  uint32_t value;
};
struct BpfProgram {
  uint16_t size;
  const BpfStep* steps;
};
constexpr uint16_t kLoad = 0x20, kJumpIfEqual = 0x15, kReturn = 0x06;
constexpr uint32_t kOffsetOfCall = 0, kOffsetOfArch = 4;  // in struct seccomp_data
constexpr uint32_t kX86_64 = 0xC000003E, kAllow = 0x7fff0000, kFailWith = 0x00050000;
constexpr int kFilterMode = 2;

// Makes the late calls fail as on a kernel without them: libc and programs then use the older ones.
Errno RefuseLateCalls() {
  constexpr uint8_t kCount = sizeof kLateCalls / sizeof kLateCalls[0];
  BpfStep steps[kCount + 5];
  uint16_t n = 0;
  steps[n++] = {kLoad, 0, 0, kOffsetOfArch};
  steps[n++] = {kJumpIfEqual, 0, kCount + 1, kX86_64};
  steps[n++] = {kLoad, 0, 0, kOffsetOfCall};
  for (uint8_t i = 0; i < kCount; ++i)
    steps[n++] = {kJumpIfEqual, static_cast<uint8_t>(kCount - i), 0, kLateCalls[i]};
  steps[n++] = {kReturn, 0, 0, kAllow};
  steps[n++] = {kReturn, 0, 0, kFailWith | ENOSYS};
  BpfProgram program = {n, steps};
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return Errno::Last();
  return ::prctl(PR_SET_SECCOMP, kFilterMode, &program) == 0 ? kOk : Errno::Last();
}

// Moves `fd` to `number`, to be inherited. Numbers arrive in ascending order, so that the lowest free one,
// which `fd` has, is never one that arrives later.
Errno Place(UniqueFd fd, int number) {
  if (fd.get() != number && ::dup2(fd.get(), number) < 0) return Errno::Last();
  if (fd.get() == number) return ::fcntl(fd.Release(), F_SETFD, 0) == 0 ? kOk : Errno::Last();
  return kOk;
}

// Lists the `count` strings at `*text`, as exec expects them; moves `*text` after them.
char** List(char** text, uint32_t count, Arena* arena) {
  char** list = arena->TakeArray<char*>(count + 1);
  for (uint32_t i = 0; list != nullptr && i < count; ++i) {
    list[i] = *text;
    while (*(*text)++ != '\0') {
    }
  }
  return list;
}

Errno Execute(const char* program, const TraceMessage& run, int strings) {
  struct stat st;
  if (::fstat(strings, &st) != 0) return Errno::Last();
  void* memory =
      ::mmap(nullptr, static_cast<size_t>(st.st_size) + 1, PROT_READ | PROT_WRITE, MAP_PRIVATE, strings, 0);
  if (memory == MAP_FAILED) return Errno::Last();
  Arena arena;
  char* text = static_cast<char*>(memory);
  char** argv = List(&text, run.argc, &arena);
  char** envp = List(&text, run.envc, &arena);
  if (argv == nullptr || envp == nullptr) return Errno{ENOMEM};
  if (run.ignores_sigchld) (void)::signal(SIGCHLD, SIG_IGN);
  SetSignalMask(run.signal_mask);
  ::execve(program, argv, envp);
  return Errno::Last();
}

// Receives the caller's descriptors, up to the message to run.
Errno ReceiveDescriptors(int socket, TraceMessage* run, UniqueFd* strings) {
  while (true) {
    RELOC_TRY(ReceiveTrace(socket, run, strings));
    if (run->event == TraceEvent::kRun) return kOk;
    RELOC_TRY(Place(std::move(*strings), run->value));
  }
}

// Runs in the child: becomes the program.
Errno BecomeProgram(const Arguments& arguments) {
  TraceMessage ready{TraceEvent::kReady, ::getpid()};
  if (Result<FileId> id = IdentifyAt(AT_FDCWD, arguments.prefix); id.ok()) ready.file = *id;
  bool refuse = !TracerKnowsLateCalls(arguments.prefix);
  RELOC_TRY(SendTrace(arguments.socket, ready));
  // The program must not inherit the tracer's own descriptors.
  for (int fd = 0; fd <= 2; ++fd) ::close(fd);
  TraceMessage run{};
  UniqueFd strings;
  RELOC_TRY(ReceiveDescriptors(arguments.socket, &run, &strings));
  if (Errno e = refuse ? RefuseLateCalls() : kOk; !e.ok()) return e;
  if (::prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) return Errno::Last();
  return Execute(arguments.program, run, strings.get());
}

// Starts the program and reports to the caller's process that it runs. Returns its pid, or -1.
int StartProgram(const Arguments& arguments) {
  // Forks, and waits until the child has executed the program. A pipe would do the same, but takes numbers
  // that the caller's descriptors may need.
  long child = ::syscall(SYS_clone, CLONE_VFORK | SIGCHLD, 0, 0, 0, 0);
  if (child == 0) {
    TraceMessage failed{TraceEvent::kExecFailed, BecomeProgram(arguments).value};
    // If it could not be sent, only the exit status reports it.
    ::_exit(SendTrace(arguments.socket, failed).ok() ? 0 : 127);
  }
  // If the child reported a failure, it did so before.
  TraceMessage started{TraceEvent::kStarted};
  return child > 0 && SendTrace(arguments.socket, started).ok() ? static_cast<int>(child) : -1;
}

// Returns false if the caller's process has ended.
bool PassSignalOn(int socket, int program) {
  TraceMessage message{};
  if (!ReceiveTrace(socket, &message).ok()) return false;
  ::kill(program, message.value);  // never the pid of another: only this process waits for it
  return true;
}

// Reports what happened to the program. Returns false when it has ended, or the receiver has closed.
bool ReportChange(int socket, int program) {
  int status = 0;
  while (::waitpid(program, &status, WNOHANG | WUNTRACED) == program) {
    bool stopped = WIFSTOPPED(status);
    TraceMessage message{stopped ? TraceEvent::kStopped : TraceEvent::kEnded,
                         stopped ? WSTOPSIG(status) : status};
    if (!SendTrace(socket, message).ok() || !stopped) return false;
  }
  return true;
}

int Main(const Arguments& arguments) {
  if (::prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) return 1;
  (void)::signal(SIGCHLD, SIG_DFL);  // if it were ignored, wait would return no status
  for (int fd : {arguments.socket, arguments.loader}) {
    if (fd >= 0 && ::fcntl(fd, F_SETFD, FD_CLOEXEC) != 0) return 1;
  }
  int program = StartProgram(arguments);
  if (program < 0) return 1;
  sigset_t sigchld;
  sigemptyset(&sigchld);
  sigaddset(&sigchld, SIGCHLD);
  UniqueFd changes(::signalfd(-1, &sigchld, SFD_CLOEXEC | SFD_NONBLOCK));
  struct pollfd events[2] = {{arguments.socket, POLLIN, 0}, {changes.get(), POLLIN, 0}};
  while (ReportChange(arguments.socket, program)) {
    if (::poll(events, 2, -1) < 0) continue;
    if (events[0].revents != 0 && !PassSignalOn(arguments.socket, program)) break;
    signalfd_siginfo info;
    while (::read(changes.get(), &info, sizeof info) > 0) {
    }
  }
  return 0;
}

}  // namespace
}  // namespace reloc

int main(int argc, char** argv) {
  uint64_t socket = 0, loader = 0;
  if (argc != 5 || !reloc::ParseDecimal(argv[1], &socket)) return 1;
  bool has_loader = reloc::ParseDecimal(argv[2], &loader);
  return reloc::Main(
      {static_cast<int>(socket), has_loader ? static_cast<int>(loader) : -1, argv[3], argv[4]});
}
