// Starts a program in the requested way.
//
// Usage: children WAY PROGRAM [ARGUMENT...]      exit status: the program's
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>
#include <vector>

namespace {

int ExitStatus(int status) { return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status); }

int Wait(pid_t pid) {
  int status = 0;
  return waitpid(pid, &status, 0) == pid ? ExitStatus(status) : 99;
}

// Returns the command line for the shell; the arguments contain no quotes.
std::string ShellCommand(char** command) {
  std::string text;
  for (; *command != nullptr; ++command) text += "'" + std::string(*command) + "' ";
  return text;
}

int Spawn(char** command, decltype(&posix_spawn) spawn) {
  pid_t pid = 0;
  int error = spawn(&pid, command[0], nullptr, nullptr, command, environ);
  if (error == 0) return Wait(pid);
  printf("%s\n", strerror(error));
  return 98;
}

int ReadPipe(char** command) {
  FILE* pipe = popen(ShellCommand(command).c_str(), "re");
  for (int c; pipe != nullptr && (c = fgetc(pipe)) != EOF;) putchar(c);
  return pipe == nullptr ? 98 : ExitStatus(pclose(pipe));
}

int WritePipe(char** command) {
  FILE* pipe = popen(ShellCommand(command).c_str(), "w");
  if (pipe == nullptr || fputs("written\n", pipe) == EOF) return 98;
  return ExitStatus(pclose(pipe));
}

int Vfork(char** command) {
  volatile int kept = 5;
  pid_t pid = vfork();
  if (pid == 0) {
    execve(command[0], command, environ);
    _exit(97);
  }
  return kept == 5 ? Wait(pid) : 96;
}

// Starts 50 children each from four threads at once.
void* Runs(void* argument) {
  for (int i = 0; i < 50; ++i) {
    if (Spawn(static_cast<char**>(argument), posix_spawn) != 0) return argument;
  }
  return nullptr;
}

int Threads(char** command) {
  pthread_t threads[4];
  void* failed = nullptr;
  for (pthread_t& thread : threads) pthread_create(&thread, nullptr, Runs, command);
  for (pthread_t& thread : threads) {
    void* result = nullptr;
    pthread_join(thread, &result);
    if (result != nullptr) failed = result;
  }
  return failed == nullptr ? 0 : 1;
}

// Accesses the program, and a missing file, with the smallest stack that a thread can have.
void* Looks(void* path) {
  char target[16];
  bool found = access(static_cast<char*>(path), X_OK) == 0 && open(static_cast<char*>(path), O_RDONLY) >= 0;
  bool missing = open("/nothing/here", O_RDONLY) < 0 && errno == ENOENT;
  return found && missing && readlink("/proc/self/cwd", target, sizeof target) > 0 ? nullptr : path;
}

int SmallStack(char** command) {
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, PTHREAD_STACK_MIN);
  pthread_t thread;
  void* failed = command;
  if (pthread_create(&thread, &attributes, Looks, command[0]) == 0) pthread_join(thread, &failed);
  return failed == nullptr ? 0 : 1;
}

// Adds 80,000 arguments: near the limit of 2 MB, in which the kernel counts the pointers, too.
int Many(char** command) {
  std::vector<char*> arguments;
  for (; *command != nullptr; ++command) arguments.push_back(*command);
  arguments.insert(arguments.end(), 80000, const_cast<char*>("some argument"));
  arguments.push_back(nullptr);
  return execv(arguments[0], arguments.data());
}

int TooMany(char** command) {
  std::vector<char*> arguments(1000000, const_cast<char*>("an argument"));
  arguments[0] = command[0];
  arguments.push_back(nullptr);
  return execv(arguments[0], arguments.data());
}

// Checks that system(3) restores the signals that it changes.
int SystemSignals(char** command) {
  struct sigaction before, after;
  sigset_t mask_before{}, mask_after{};  // of which the kernel sets the first word
  sigaction(SIGINT, nullptr, &before);
  sigprocmask(SIG_BLOCK, nullptr, &mask_before);
  int status = system(ShellCommand(command).c_str());
  sigaction(SIGINT, nullptr, &after);
  sigprocmask(SIG_BLOCK, nullptr, &mask_after);
  bool same =
      before.sa_handler == after.sa_handler && memcmp(&mask_before, &mask_after, sizeof(sigset_t)) == 0;
  return same ? ExitStatus(status) : 96;
}

int Start(const std::string& way, char** c) {
  char* none[] = {nullptr};
  if (way == "execve") return execve(c[0], c, environ);
  if (way == "execv") return execv(c[0], c);
  if (way == "execvp") return execvp(c[0], c);
  if (way == "execvpe") return execvpe(c[0], c, environ);
  if (way == "execl") return execl(c[0], c[0], c[1], c[2], nullptr);
  if (way == "execlp") return execlp(c[0], c[0], c[1], c[2], nullptr);
  if (way == "execle") return execle(c[0], c[0], c[1], c[2], nullptr, environ);
  if (way == "execveat") return execveat(AT_FDCWD, c[0], c, environ, 0);
  if (way == "fexecve") return fexecve(open(c[0], O_RDONLY | O_CLOEXEC), c, environ);
  if (way == "posix_spawn") return Spawn(c, posix_spawn);
  if (way == "posix_spawnp") return Spawn(c, posix_spawnp);
  if (way == "system") return SystemSignals(c);
  if (way == "popen-r") return ReadPipe(c);
  if (way == "popen-w") return WritePipe(c);
  if (way == "vfork") return Vfork(c);
  if (way == "threads") return Threads(c);
  if (way == "small-stack") return SmallStack(c);
  if (way == "many") return Many(c);
  if (way == "too-many") return TooMany(c);
  if (way == "cleared") return execve(c[0], c, none);
  if (way == "no-environment") return execve(c[0], c, nullptr);
  if (way == "no-environ") return clearenv(), execvp(c[0], c);
  if (way == "self") return execv("/proc/self/exe", c);
  return 2;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) return 2;
  int status = Start(argv[1], argv + 2);
  if (status == -1) printf("%s\n", strerror(errno));
  fflush(stdout);
  return status == -1 ? 95 : status;
}
