// system(3), popen(3), pclose(3): libc's own functions start the shell internally, where nothing can be
// interposed.
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "preload/execute.h"
#include "preload/next.h"
#include "preload/setup.h"
#include "reloc/base/raw.h"

namespace reloc {
namespace {

// Held for a few instructions only.
class SpinLock {
 public:
  explicit SpinLock(bool* locked) : locked_(locked) {
    while (__atomic_test_and_set(locked_, __ATOMIC_ACQUIRE)) raw::Call(SYS_sched_yield);
  }
  ~SpinLock() { __atomic_clear(locked_, __ATOMIC_RELEASE); }
  SpinLock(const SpinLock&) = delete;
  SpinLock& operator=(const SpinLock&) = delete;

 private:
  bool* locked_;
};

using Handler = struct sigaction;
using Attributes = posix_spawnattr_t;
using Actions = posix_spawn_file_actions_t;

// libc's functions that are called here.
namespace libc {
#define RELOC_LIBC(result, name, parameters) constinit Next<result parameters> name(#name)
RELOC_LIBC(int, sigaction, (int, const Handler*, Handler*));
RELOC_LIBC(int, sigprocmask, (int, const sigset_t*, sigset_t*));
RELOC_LIBC(pid_t, waitpid, (pid_t, int*, int));
RELOC_LIBC(int, posix_spawnattr_init, (Attributes*));
RELOC_LIBC(int, posix_spawnattr_destroy, (Attributes*));
RELOC_LIBC(int, posix_spawnattr_setflags, (Attributes*, short));
RELOC_LIBC(int, posix_spawnattr_setsigdefault, (Attributes*, const sigset_t*));
RELOC_LIBC(int, posix_spawnattr_setsigmask, (Attributes*, const sigset_t*));
RELOC_LIBC(int, posix_spawn_file_actions_init, (Actions*));
RELOC_LIBC(int, posix_spawn_file_actions_destroy, (Actions*));
RELOC_LIBC(int, posix_spawn_file_actions_adddup2, (Actions*, int, int));
RELOC_LIBC(int, posix_spawn_file_actions_addclose, (Actions*, int));
RELOC_LIBC(int, system, (const char*));
RELOC_LIBC(FILE*, popen, (const char*, const char*));
RELOC_LIBC(int, pclose, (FILE*));
RELOC_LIBC(FILE*, fdopen, (int, const char*));
RELOC_LIBC(int, fclose, (FILE*));
RELOC_LIBC(void*, malloc, (size_t));
RELOC_LIBC(void, free, (void*));
}  // namespace libc

int WaitFor(pid_t pid) {
  int status = 0;
  while (libc::waitpid(pid, &status, 0) != pid) {
    if (errno != EINTR) return -1;
  }
  return status;
}

constexpr uint64_t Bit(int signal) { return uint64_t{1} << (signal - 1); }

// sigset_t's first word is the kernel's set.
sigset_t SetOf(uint64_t bits) {
  sigset_t set;
  memset(&set, 0, sizeof set);
  memcpy(&set, &bits, sizeof bits);
  return set;
}

class SpawnSettings {
 public:
  SpawnSettings() {
    libc::posix_spawnattr_init(&attributes);
    libc::posix_spawn_file_actions_init(&actions);
  }
  ~SpawnSettings() {
    libc::posix_spawnattr_destroy(&attributes);
    libc::posix_spawn_file_actions_destroy(&actions);
  }
  SpawnSettings(const SpawnSettings&) = delete;
  SpawnSettings& operator=(const SpawnSettings&) = delete;

  void SetSignals(uint64_t defaults, const sigset_t& mask) {
    sigset_t set = SetOf(defaults);
    libc::posix_spawnattr_setsigdefault(&attributes, &set);
    libc::posix_spawnattr_setsigmask(&attributes, &mask);
    libc::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
  }

  Attributes attributes;
  Actions actions;
};

int SpawnShell(pid_t* pid, const char* command, const SpawnSettings& settings) {
  char* const argv[] = {const_cast<char*>("sh"), const_cast<char*>("-c"), const_cast<char*>("--"),
                        const_cast<char*>(command), nullptr};
  return Spawn(pid, "/bin/sh", &settings.actions, &settings.attributes, argv, environ);
}

// Ignores ^C and ^\ while a command runs, because they are for the command, and blocks SIGCHLD for its end.
// Signal dispositions belong to the process, so the first of several threads in system(3) sets them and the
// last restores them.
class SystemSignals {
 public:
  SystemSignals() {
    SpinLock lock(&locked_);
    Handler ignore{};
    ignore.sa_handler = SIG_IGN;
    if (users_++ == 0) {
      libc::sigaction(SIGINT, &ignore, &interrupt_);
      libc::sigaction(SIGQUIT, &ignore, &quit_);
    }
    if (interrupt_.sa_handler != SIG_IGN) defaults_ |= Bit(SIGINT);
    if (quit_.sa_handler != SIG_IGN) defaults_ |= Bit(SIGQUIT);
    sigset_t child = SetOf(Bit(SIGCHLD));
    libc::sigprocmask(SIG_BLOCK, &child, &mask_);
  }
  ~SystemSignals() {
    SpinLock lock(&locked_);
    if (--users_ == 0) {
      libc::sigaction(SIGINT, &interrupt_, nullptr);
      libc::sigaction(SIGQUIT, &quit_, nullptr);
    }
    libc::sigprocmask(SIG_SETMASK, &mask_, nullptr);
  }
  SystemSignals(const SystemSignals&) = delete;
  SystemSignals& operator=(const SystemSignals&) = delete;

  uint64_t defaults() const { return defaults_; }
  const sigset_t& mask() const { return mask_; }

 private:
  static bool locked_;
  static int users_;
  static Handler interrupt_, quit_;
  sigset_t mask_;
  uint64_t defaults_ = 0;
};
bool SystemSignals::locked_;
int SystemSignals::users_;
Handler SystemSignals::interrupt_, SystemSignals::quit_;

// The streams of popen(3).
struct PipedCommand {
  FILE* stream;
  int fd;
  pid_t pid;
  PipedCommand* next;
};
PipedCommand* g_piped;
bool g_piped_locked;

// Parses popen(3)'s "r", "w", "re", "we". Returns false for anything else.
bool ParseMode(const char* mode, bool* reads, bool* close_on_exec) {
  if (*mode != 'r' && *mode != 'w') return false;
  *reads = *mode == 'r';
  *close_on_exec = strchr(mode, 'e') != nullptr;
  for (++mode; *mode != '\0'; ++mode) {
    if (*mode != 'e') return false;
  }
  return true;
}

// Starts the command with its end of the pipe, without the earlier streams of popen(3).
int StartPiped(const char* command, int end, int standard, pid_t* pid) {
  SpawnSettings settings;
  if (end == standard) {
    // The descriptor is close-on-exec, and only dup2(2) to another number would clear that.
    if (raw::Call(SYS_fcntl, end, F_SETFD, 0) != 0) return EBADF;
  } else if (int error = libc::posix_spawn_file_actions_adddup2(&settings.actions, end, standard);
             error != 0) {
    return error;
  }
  for (PipedCommand* other = g_piped; other != nullptr; other = other->next) {
    if (other->fd == standard) continue;
    if (int error = libc::posix_spawn_file_actions_addclose(&settings.actions, other->fd); error != 0)
      return error;
  }
  return SpawnShell(pid, command, settings);
}

FILE* Popen(const char* command, bool reads, bool close_on_exec) {
  int ends[2];
  if (long error = raw::Call(SYS_pipe2, raw::Address(ends), O_CLOEXEC); error != 0) {
    errno = static_cast<int>(-error);
    return nullptr;
  }
  const int ours = ends[reads ? 0 : 1], theirs = ends[reads ? 1 : 0];
  auto* piped = static_cast<PipedCommand*>(libc::malloc(sizeof(PipedCommand)));
  FILE* stream = piped == nullptr ? nullptr : libc::fdopen(ours, reads ? "r" : "w");
  int error = stream == nullptr ? errno : 0;
  if (stream != nullptr) {
    SpinLock lock(&g_piped_locked);
    *piped = {stream, ours, 0, g_piped};
    error = StartPiped(command, theirs, reads ? STDOUT_FILENO : STDIN_FILENO, &piped->pid);
    if (error == 0) g_piped = piped;
  }
  raw::Close(theirs);
  if (error == 0) {
    if (!close_on_exec) raw::Call(SYS_fcntl, ours, F_SETFD, 0);
    return stream;
  }
  stream != nullptr ? static_cast<void>(libc::fclose(stream)) : raw::Close(ours);
  if (piped != nullptr) libc::free(piped);
  errno = error;
  return nullptr;
}

// Removes the stream's command from the list; nullptr if it is not from popen(3).
PipedCommand* TakePiped(FILE* stream) {
  SpinLock lock(&g_piped_locked);
  for (PipedCommand** at = &g_piped; *at != nullptr; at = &(*at)->next) {
    if ((*at)->stream != stream) continue;
    PipedCommand* found = *at;
    *at = found->next;
    return found;
  }
  return nullptr;
}

}  // namespace

RELOC_INTERPOSE(int, system, (const char* command)) {
  if (command == nullptr || !Active()) return libc::system(command);
  SystemSignals signals;
  SpawnSettings settings;
  settings.SetSignals(signals.defaults(), signals.mask());
  pid_t pid = 0;
  // system(3): a missing shell counts as a shell that exits with 127.
  if (SpawnShell(&pid, command, settings) != 0) return W_EXITCODE(127, 0);
  return WaitFor(pid);
}

RELOC_INTERPOSE(FILE*, popen, (const char* command, const char* mode)) {
  if (!Active()) return libc::popen(command, mode);
  bool reads = false, close_on_exec = false;
  if (ParseMode(mode, &reads, &close_on_exec)) return Popen(command, reads, close_on_exec);
  errno = EINVAL;
  return nullptr;
}

RELOC_INTERPOSE(int, pclose, (FILE * stream)) {
  PipedCommand* piped = TakePiped(stream);
  if (piped == nullptr) return libc::pclose(stream);
  pid_t pid = piped->pid;
  libc::free(piped);
  libc::fclose(stream);
  return WaitFor(pid);
}

}  // namespace reloc
