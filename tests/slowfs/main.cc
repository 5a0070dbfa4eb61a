// slowfs: runs a command beside a slow file system.
//
//   slowfs [--delay MICROSECONDS] [--cache SECONDS] [--writable] COMMAND [ARG...]
//
// The command finds two directories in $SLOWFS_DIR: `disk`, which is empty, and `slow`, which shows the same files,
// slowly, and read-only without --writable. They are removed when the command has ended. Through the socket whose
// number is $SLOWFS_CONTROL it gets the counts of operations, and makes the file system cold or lets it hang: see
// control.h.
//
// The mount is in a user and a mount namespace of its own: that needs neither fusermount3 nor an account, no other
// process can enter a file system that hangs, and it is gone with the processes, however they end.
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "reloc/hosted/files.h"
#include "reloc/hosted/status.h"
#include "reloc/launch/namespaces.h"
#include "tests/slowfs/control.h"
#include "tests/slowfs/file_system.h"

namespace reloc::slowfs {
namespace {

constexpr int kFailed = 125;

struct Options {
  int64_t delay = 500;
  int64_t cache = 0;
  bool writable = false;
  std::vector<std::string> command;
};

pid_t g_command = -1;

void PassOn(int signal) {
  if (g_command > 0) ::kill(g_command, signal);
}

// The terminal sends its own signals to the command as well.
void HandleSignals() {
  for (int signal : {SIGINT, SIGQUIT}) ::signal(signal, SIG_IGN);
  for (int signal : {SIGHUP, SIGTERM}) ::signal(signal, PassOn);
}

// Runs in a child of a process with threads: nothing here may allocate.
[[noreturn]] void Execute(char* const* command, int control) {
  ::prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0);
  ::fcntl(control, F_SETFD, 0);
  ::execvp(command[0], command);
  fprintf(stderr, "slowfs: cannot run %s: %s\n", command[0], strerror(errno));
  _exit(kFailed);
}

// Starts the command; returns our end of its socket.
absl::StatusOr<UniqueFd> StartCommand(const Options& options, const std::string& directory) {
  int control[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, control) != 0)
    return SystemError(errno, "cannot make a socket");
  UniqueFd ours(control[0]), theirs(control[1]);
  ::setenv("SLOWFS_DIR", directory.c_str(), 1);
  ::setenv("SLOWFS_CONTROL", absl::StrCat(theirs.get()).c_str(), 1);
  std::vector<std::string> texts = options.command;
  std::vector<char*> command;
  for (std::string& each : texts) command.push_back(each.data());
  command.push_back(nullptr);
  g_command = ::fork();
  if (g_command < 0) return SystemError(errno, "cannot fork");
  if (g_command == 0) Execute(command.data(), theirs.get());
  return ours;
}

absl::StatusOr<std::string> MakeDirectory() {
  const char* parent = ::getenv("TMPDIR");
  std::string path = absl::StrCat(parent == nullptr || *parent == '\0' ? "/tmp" : parent, "/slowfs-XXXXXX");
  if (::mkdtemp(path.data()) == nullptr) return SystemError(errno, absl::StrCat("cannot make ", path));
  RELOC_RETURN_IF_ERROR(MakeDirectories(path + "/disk"));
  RELOC_RETURN_IF_ERROR(MakeDirectories(path + "/slow"));
  return path;
}

absl::StatusOr<int> RunIn(const std::string& directory, const Options& options) {
  const char* step = nullptr;
  if (Errno e = EnterNewNamespaces(&step); !e.ok())
    return SystemError(e.value, absl::StrCat(step, " (relocctl doctor says what user namespaces need)"));
  // Threads use them until the process ends.
  static Pace pace{std::chrono::microseconds(options.delay)};
  static FileSystem files({.source = directory + "/disk",
                           .mountpoint = directory + "/slow",
                           .cache = std::chrono::seconds(options.cache),
                           .writable = options.writable},
                          &pace);
  RELOC_RETURN_IF_ERROR(files.Mount());
  RELOC_ASSIGN_OR_RETURN(UniqueFd channel, StartCommand(options, directory));
  HandleSignals();
  std::thread(Answer, std::move(channel), &files).detach();
  int status = 0;
  while (::waitpid(g_command, &status, 0) < 0 && errno == EINTR) {
  }
  files.Unmount();
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

absl::StatusOr<int> Run(const Options& options) {
  RELOC_ASSIGN_OR_RETURN(const std::string directory, MakeDirectory());
  absl::StatusOr<int> status = RunIn(directory, options);
  RELOC_RETURN_IF_ERROR(RemoveTree(directory));
  return status;
}

int Main(int argc, char** argv) {
  Options options;
  CLI::App app("Runs a command in sight of a slow file system: $SLOWFS_DIR/slow shows $SLOWFS_DIR/disk.",
               "slowfs");
  app.prefix_command();
  app.add_option("--delay", options.delay, "Microseconds that each operation takes")
      ->check(CLI::NonNegativeNumber);
  app.add_option("--cache", options.cache, "Seconds for which the kernel may remember; 0: it always asks")
      ->check(CLI::NonNegativeNumber);
  app.add_flag("--writable", options.writable, "Files can be changed through it too");
  CLI11_PARSE(app, argc, argv);
  options.command = app.remaining();
  if (options.command.empty()) options.command = {"sh"};
  absl::StatusOr<int> status = Run(options);
  if (!status.ok()) fprintf(stderr, "slowfs: %s\n", std::string(status.status().message()).c_str());
  // Not exit(3): operations may still hang.
  _exit(status.ok() ? *status : kFailed);
}

}  // namespace
}  // namespace reloc::slowfs

int main(int argc, char** argv) { return reloc::slowfs::Main(argc, argv); }
