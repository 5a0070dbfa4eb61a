#include "daemon/base/child_process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "reloc/hosted/status.h"

namespace reloc {
namespace {

constexpr int kParentSocket = 3;  // the child's descriptor

struct GivenUp {
  std::mutex mutex;
  std::vector<ChildProcess> children;  // by mutex
};

// Never destroyed: threads may use it until the process ends.
GivenUp& TheGivenUp() {
  static auto* given_up = new GivenUp;
  return *given_up;
}

int Spawn(const char* mode, int socket, int standard_error, pid_t* pid) {
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  sigset_t none;
  sigemptyset(&none);
  ::posix_spawn_file_actions_init(&actions);  // these cannot fail with glibc, but for want of memory
  ::posix_spawnattr_init(&attributes);
  ::posix_spawn_file_actions_adddup2(&actions, socket, kParentSocket);
  for (int fd : {0, 1}) ::posix_spawn_file_actions_addopen(&actions, fd, "/dev/null", O_RDWR, 0);
  if (standard_error < 0) {
    ::posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_RDWR, 0);
  } else if (standard_error != STDERR_FILENO) {
    ::posix_spawn_file_actions_adddup2(&actions, standard_error, STDERR_FILENO);
  }
  ::posix_spawn_file_actions_addclosefrom_np(&actions, kParentSocket + 1);
  ::posix_spawnattr_setsigmask(&attributes, &none);
  ::posix_spawnattr_setpgroup(&attributes, 0);  // a terminal's ^C is relocd's affair
  ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP);
  char name[] = "relocd";
  std::string argument = mode;
  char* argv[] = {name, argument.data(), nullptr};
  // Not by its path, where another version may be by now.
  const int error = ::posix_spawn(pid, "/proc/self/exe", &actions, &attributes, argv, environ);
  ::posix_spawnattr_destroy(&attributes);
  ::posix_spawn_file_actions_destroy(&actions);
  return error;
}

}  // namespace

absl::StatusOr<ChildProcess> SpawnSelf(const char* mode, int type, UniqueFd* socket, int standard_error) {
  int pair[2];
  if (::socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, pair) != 0)
    return absl::ErrnoToStatus(errno, "cannot make a socket pair");
  socket->Reset(pair[0]);
  UniqueFd theirs(pair[1]);
  ChildProcess child;
  const int error = Spawn(mode, theirs.get(), standard_error, &child.pid);
  if (error != 0) return absl::ErrnoToStatus(error, "cannot start a process");
  // Ours and not waited for: the number is its own.
  child.pidfd.Reset(static_cast<int>(::syscall(SYS_pidfd_open, child.pid, 0)));
  if (child.pidfd.valid()) return child;
  absl::Status failed = absl::ErrnoToStatus(errno, "cannot watch a process");
  GiveUpChild(std::move(child), absl::ZeroDuration());
  return failed;
}

UniqueFd TakeParentSocket() {
  // Not ours to go on without: relocd did not start this process.
  if (::fcntl(kParentSocket, F_SETFD, FD_CLOEXEC) != 0) ::_exit(1);
  return UniqueFd(kParentSocket);
}

bool EndsWithin(const ChildProcess& child, absl::Duration patience) {
  struct pollfd ended = {child.pidfd.get(), POLLIN, 0};
  return child.pidfd.valid() && ::poll(&ended, 1, static_cast<int>(absl::ToInt64Milliseconds(patience))) == 1;
}

void GiveUpChild(ChildProcess child, absl::Duration patience) {
  if (child.pid == 0) return;
  ::kill(child.pid, SIGKILL);
  EndsWithin(child, patience);
  if (::waitpid(child.pid, nullptr, WNOHANG) == 0) LeaveChild(std::move(child));
}

void LeaveChild(ChildProcess child) {
  GivenUp& given_up = TheGivenUp();
  std::lock_guard lock(given_up.mutex);
  given_up.children.push_back(std::move(child));
}

size_t GivenUpChildren() {
  GivenUp& given_up = TheGivenUp();
  std::lock_guard lock(given_up.mutex);
  std::erase_if(given_up.children,
                [](const ChildProcess& child) { return ::waitpid(child.pid, nullptr, WNOHANG) != 0; });
  return given_up.children.size();
}

}  // namespace reloc
