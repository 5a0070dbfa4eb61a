// Prints what a program can see of how it was started, section by section: a launch is transparent if the same call
// prints the same natively and from a pack.
//
//   probe [-o FILE] SECTION...     argv env fds cwd cwd-file namespaces ids groups session limits umask
//                                  signals scheduling attributes death-signal privileges timers children
//                                  names status
//
// -o writes to FILE instead of standard output, which may be closed. Everything is read before FILE is opened.
// stdio is good enough here: it has closed its own descriptors before the program lists any.
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include <string>

namespace {

// From <linux/ioprio.h>, which does not compile as C++ in Linux 6.1.192.
constexpr int kIoPriorityOfProcess = 1;

std::string g_report;
char** g_argv;
extern "C" char** environ;

void Print(const char* format, auto... values) {
  char line[4096];
  int size = snprintf(line, sizeof line, format, values...);
  if (size > 0) g_report.append(line, static_cast<size_t>(size) < sizeof line ? size : sizeof line - 1);
}

// Prints texts with their length, because they may contain any byte.
void PrintTexts(const char* name, char** texts) {
  for (; *texts != nullptr; ++texts) {
    Print("%s %zu ", name, strlen(*texts));
    g_report.append(*texts).push_back('\n');
  }
}

void PrintArgv() { PrintTexts("argv", g_argv); }
void PrintEnv() { PrintTexts("env", environ); }

// Uses fcntl(2) on each number: listing /proc/self/fd would open one more.
void PrintFds() {
  for (int fd = 0; fd < 1024; ++fd) {
    int flags = fcntl(fd, F_GETFD);
    if (flags < 0) continue;
    struct stat st;
    bool known = fstat(fd, &st) == 0;
    Print("fd %d type %o inode %lu flags %d mode %o offset %ld\n", fd, known ? st.st_mode & S_IFMT : 0,
          known ? st.st_ino : 0, flags, fcntl(fd, F_GETFL), lseek(fd, 0, SEEK_CUR));
  }
}

void PrintCwd() {
  char path[4096];
  const char* cwd = getcwd(path, sizeof path);
  Print("cwd %s\n", cwd != nullptr ? cwd : strerror(errno));
}

void PrintCwdFile() {
  struct stat st;
  if (stat(".", &st) == 0) Print("cwd device %lu inode %lu\n", st.st_dev, st.st_ino);
}

void PrintNamespaces() {
  char text[64] = {};
  for (const char* path : {"/proc/self/ns/user", "/proc/self/ns/mnt"}) {
    if (readlink(path, text, sizeof text - 1) > 0) Print("namespace %s\n", text);
  }
}

void PrintIds() {
  uid_t uid[3];
  gid_t gid[3];
  if (getresuid(&uid[0], &uid[1], &uid[2]) != 0 || getresgid(&gid[0], &gid[1], &gid[2]) != 0) abort();
  Print("uid %u %u %u gid %u %u %u\n", uid[0], uid[1], uid[2], gid[0], gid[1], gid[2]);
}

void PrintGroups() {
  gid_t groups[1024];
  int count = getgroups(1024, groups);
  for (int i = 0; i < count; ++i) Print("group %u\n", groups[i]);
}

void PrintFile(const char* path) {
  char text[4096];
  int fd = open(path, O_RDONLY);
  ssize_t size = fd < 0 ? -1 : read(fd, text, sizeof text);
  g_report.append(path).push_back(' ');
  g_report.append(size < 0 ? strerror(errno) : "").append(text, size < 0 ? 0 : size).push_back('\n');
  close(fd);
}

void PrintSession() {
  Print("pid %d ppid %d pgid %d sid %d foreground %d tty %s\n", getpid(), getppid(), getpgrp(), getsid(0),
        tcgetpgrp(0), ttyname(0) != nullptr ? ttyname(0) : "none");
}

void PrintLimits() {
  for (int i = 0; i < RLIM_NLIMITS; ++i) {
    struct rlimit limit;
    if (getrlimit(static_cast<__rlimit_resource_t>(i), &limit) == 0)
      Print("limit %d %lu %lu\n", i, limit.rlim_cur, limit.rlim_max);
  }
}

void PrintUmask() { Print("umask %o\n", umask(0)); }

void PrintSignals() {
  sigset_t mask, pending;
  sigprocmask(SIG_SETMASK, nullptr, &mask);
  sigpending(&pending);
  for (int signal = 1; signal < NSIG; ++signal) {
    struct sigaction action;
    bool ignored = sigaction(signal, nullptr, &action) == 0 && action.sa_handler == SIG_IGN;
    Print("signal %d ignored %d blocked %d pending %d\n", signal, ignored, sigismember(&mask, signal),
          sigismember(&pending, signal));
  }
}

void PrintScheduling() {
  cpu_set_t cpus;
  CPU_ZERO(&cpus);
  sched_getaffinity(0, sizeof cpus, &cpus);
  Print("nice %d policy %d cpus %d io %ld slack %d\n", getpriority(PRIO_PROCESS, 0), sched_getscheduler(0),
        CPU_COUNT(&cpus), syscall(SYS_ioprio_get, kIoPriorityOfProcess, 0), prctl(PR_GET_TIMERSLACK));
}

void PrintDeathSignal() {
  int signal = -1;
  prctl(PR_GET_PDEATHSIG, &signal);
  Print("death signal %d\n", signal);
}

void PrintPrivileges() {
  Print("no new privileges %d secure bits %d at_secure %lu\n", prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0),
        prctl(PR_GET_SECUREBITS), getauxval(AT_SECURE));
}

void PrintTimers() {
  for (__itimer_which timer : {ITIMER_REAL, ITIMER_VIRTUAL, ITIMER_PROF}) {
    struct itimerval left;
    if (getitimer(timer, &left) == 0) Print("timer %d armed %d\n", timer, left.it_value.tv_sec > 0);
  }
}

// Prints the other attributes that execve(2) keeps.
void PrintAttributes() {
  Print("personality %x dumpable %d\n", personality(0xffffffff), prctl(PR_GET_DUMPABLE));
  PrintFile("/proc/self/oom_score_adj");
  PrintFile("/proc/self/cgroup");
  PrintFile("/proc/self/coredump_filter");
}

void PrintChildren() {
  char path[64];
  snprintf(path, sizeof path, "/proc/self/task/%d/children", getpid());
  PrintFile(path);
}

// Prints the process's name for others.
void PrintNames() {
  char exe[4096] = {};
  if (readlink("/proc/self/exe", exe, sizeof exe - 1) > 0) Print("exe %s\n", exe);
  Print("execfn %s\n", reinterpret_cast<const char*>(getauxval(AT_EXECFN)));
  PrintFile("/proc/self/comm");
  PrintFile("/proc/self/cmdline");
}

// Prints the parts of /proc/self/status that a launch could spoil.
void PrintStatus() {
  FILE* status = fopen("/proc/self/status", "r");
  char line[256];
  while (status != nullptr && fgets(line, sizeof line, status) != nullptr) {
    for (const char* name :
         {"TracerPid:", "Threads:", "CapInh:", "CapPrm:", "CapEff:", "CapAmb:", "Seccomp:"}) {
      if (strncmp(line, name, strlen(name)) == 0) g_report.append(line);
    }
  }
  if (status != nullptr) fclose(status);
}

constexpr struct {
  const char* name;
  void (*print)();
} kSections[] = {{"argv", PrintArgv},
                 {"env", PrintEnv},
                 {"fds", PrintFds},
                 {"cwd", PrintCwd},
                 {"cwd-file", PrintCwdFile},
                 {"namespaces", PrintNamespaces},
                 {"ids", PrintIds},
                 {"groups", PrintGroups},
                 {"session", PrintSession},
                 {"limits", PrintLimits},
                 {"umask", PrintUmask},
                 {"signals", PrintSignals},
                 {"scheduling", PrintScheduling},
                 {"attributes", PrintAttributes},
                 {"death-signal", PrintDeathSignal},
                 {"privileges", PrintPrivileges},
                 {"timers", PrintTimers},
                 {"children", PrintChildren},
                 {"names", PrintNames},
                 {"status", PrintStatus}};

bool PrintSection(const char* name) {
  for (const auto& section : kSections) {
    if (strcmp(section.name, name) != 0) continue;
    section.print();
    return true;
  }
  return false;
}

}  // namespace

// Without arguments (argc may be 0) it prints only argv.
int main(int argc, char** argv) {
  g_argv = argv;
  const char* file = nullptr;
  if (argc < 2) PrintArgv();
  for (int i = 1; i < argc; ++i) {
    if (strcmp(argv[i], "-o") == 0 && i + 1 < argc) {
      file = argv[++i];
    } else {
      PrintSection(argv[i]);  // an unknown word is an argument that "argv" prints
    }
  }
  int out = file == nullptr ? 1 : open(file, O_WRONLY | O_CREAT | O_TRUNC, 0600);
  return write(out, g_report.data(), g_report.size()) == static_cast<ssize_t>(g_report.size()) ? 0 : 2;
}
