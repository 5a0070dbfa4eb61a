#include "daemon/keeper/keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <utility>

#include "daemon/base/child_process.h"
#include "daemon/keeper/root_keeper.h"
#include "reloc/fault/fault.h"

// glibc 2.36 forgot to say so in the header.
extern "C" {
#include <sys/pidfd.h>
}

namespace reloc {
namespace {

constexpr int kDaemonSocket = 3;  // in the keeper

void DetachStandardFds() {
  UniqueFd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
  for (int fd = 0; fd <= 2; ++fd) {
    // Without /dev/null: closed. Nothing here prints.
    if (!null.valid() || ::dup2(null.get(), fd) < 0) ::close(fd);
  }
}

[[noreturn]] void KeeperMain(UniqueFd socket) {
  // ^C and a service manager's SIGTERM also come here; the daemon decides when it is over.
  for (int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE}) ::signal(signal, SIG_IGN);
  ::prctl(PR_SET_NAME, kKeeperName);
  ::prctl(PR_SET_DUMPABLE, 1);
  DetachStandardFds();
  if (socket.get() != kDaemonSocket && ::dup2(socket.get(), kDaemonSocket) < 0) ::_exit(1);
  (void)socket.Release();
  ::closefrom(kDaemonSocket + 1);
  RootKeeper keeper{UniqueFd(kDaemonSocket)};
  if (!keeper.Open()) ::_exit(1);
  keeper.Run();
  ::_exit(0);
}

// 0, or an error number. The keeper gets `socket` as its own, whatever other threads do meanwhile.
int Spawn(int socket, pid_t* pid) {
  posix_spawn_file_actions_t actions;
  if (int e = ::posix_spawn_file_actions_init(&actions); e != 0) return e;
  char name[sizeof kKeeperName];
  memcpy(name, kKeeperName, sizeof name);
  char* const argv[] = {name, nullptr};
  int e = ::posix_spawn_file_actions_adddup2(&actions, socket, kDaemonSocket);
  // Not only by the exec, which may take a while: the lock of relocd's directory is not to outlive a relocd
  // that is killed just now.
  if (e == 0) e = ::posix_spawn_file_actions_addclosefrom_np(&actions, kDaemonSocket + 1);
  // Not by its path, where another version may be by now.
  if (e == 0) e = ::posix_spawn(pid, "/proc/self/exe", &actions, nullptr, argv, environ);
  ::posix_spawn_file_actions_destroy(&actions);
  return e;
}

// `start` is given both ends, ours first. Returns what fork(2) does.
template <typename Start>
absl::StatusOr<KeeperProcess> StartKeeper(Start start) {
  int pair[2];
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) {
    return absl::ErrnoToStatus(errno, "cannot make a socket pair");
  }
  UniqueFd ours(pair[0]), theirs(pair[1]);
  pid_t pid = fault::Fails(fault::Point::kKeeperFork) ? -1 : start(&ours, &theirs);
  if (pid < 0) return absl::ErrnoToStatus(errno, "cannot start the keeper");
  KeeperProcess keeper{pid, UniqueFd(::pidfd_open(pid, 0)), std::move(ours)};
  if (keeper.pidfd.valid()) return keeper;
  absl::Status failed = absl::ErrnoToStatus(errno, "cannot watch the keeper");
  GiveUpChild({pid, UniqueFd()}, absl::ZeroDuration());
  return failed;
}

}  // namespace

absl::StatusOr<KeeperProcess> ForkKeeper() {
  return StartKeeper([](UniqueFd* ours, UniqueFd* theirs) {
    pid_t pid = ::fork();
    if (pid != 0) return pid;
    ours->Reset();
    KeeperMain(std::move(*theirs));
  });
}

absl::StatusOr<KeeperProcess> ExecuteKeeper() {
  return StartKeeper([](UniqueFd*, UniqueFd* theirs) {
    pid_t pid = -1;
    errno = Spawn(theirs->get(), &pid);
    return errno == 0 ? pid : -1;
  });
}

void RunKeeper() { KeeperMain(UniqueFd(kDaemonSocket)); }

}  // namespace reloc
