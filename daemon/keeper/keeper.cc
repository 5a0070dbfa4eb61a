#include "daemon/keeper/keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <utility>

#include "daemon/keeper/root_keeper.h"
#include "reloc/fault/fault.h"

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
  ::prctl(PR_SET_NAME, "relocd-keeper");
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

}  // namespace

absl::StatusOr<KeeperProcess> StartKeeper() {
  int pair[2];
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) {
    return absl::ErrnoToStatus(errno, "cannot make a socket pair");
  }
  UniqueFd ours(pair[0]);
  UniqueFd theirs(pair[1]);
  pid_t pid = fault::Fails(fault::Point::kKeeperFork) ? -1 : ::fork();
  if (pid < 0) return absl::ErrnoToStatus(errno, "cannot fork the keeper");
  if (pid == 0) {
    ours.Reset();
    KeeperMain(std::move(theirs));
  }
  return KeeperProcess{pid, std::move(ours)};
}

}  // namespace reloc
