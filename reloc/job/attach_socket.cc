#include "reloc/job/attach_socket.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "reloc/base/file.h"
#include "reloc/hosted/files.h"
#include "reloc/hosted/status.h"
#include "reloc/job/job_files.h"
#include "reloc/launch/daemon_dir.h"

namespace reloc {
namespace {

constexpr int kBacklog = 16;
constexpr struct timeval kConnectTimeout = {2, 0};

absl::StatusOr<UniqueFd> OpenDir(const std::string& daemon_dir) {
  Result<DaemonDirectory> dir = OpenDaemonDir(daemon_dir.c_str());
  if (!dir.ok()) return SystemError(dir.error().value, daemon_dir);
  return std::move(dir->fd);
}

// By the directory's descriptor: a path may be longer than the 108 bytes of sun_path.
struct sockaddr_un AddressIn(int job_dir) {
  struct sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  snprintf(address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d/%s", job_dir, kAttachSocket);
  return address;
}

absl::Status NoLauncher(int error, const std::string& id) {
  if (error == ECONNREFUSED || error == ENOENT) {
    return absl::NotFoundError(absl::StrCat("the launcher of job ", id, " is gone"));
  }
  return absl::UnavailableError(absl::StrCat("cannot reach the launcher of job ", id, ": ", strerror(error)));
}

// `flags`: SOCK_NONBLOCK or 0.
absl::StatusOr<UniqueFd> Connect(int daemon_dir, const std::string& id, int flags) {
  Result<UniqueFd> job_dir =
      OpenAt(daemon_dir, absl::StrCat("jobs/", id).c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW);
  if (!job_dir.ok()) return NoLauncher(job_dir.error().value, id);
  UniqueFd socket(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | flags, 0));
  struct sockaddr_un address = AddressIn(job_dir->get());
  // A launcher that is stopped, and has as many clients as its queue takes, is not waited for.
  (void)::setsockopt(socket.get(), SOL_SOCKET, SO_SNDTIMEO, &kConnectTimeout, sizeof kConnectTimeout);
  if (!socket.valid() ||
      ::connect(socket.get(), reinterpret_cast<struct sockaddr*>(&address), sizeof address) != 0) {
    return NoLauncher(errno, id);
  }
  struct ucred peer;
  socklen_t size = sizeof peer;
  if (::getsockopt(socket.get(), SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0 ||
      (peer.uid != ::geteuid() && peer.uid != 0)) {
    return absl::PermissionDeniedError(absl::StrCat("the launcher of job ", id, " is someone else's"));
  }
  return socket;
}

}  // namespace

absl::StatusOr<UniqueFd> ListenForClients(const std::string& daemon_dir, const std::string& id) {
  RELOC_ASSIGN_OR_RETURN(UniqueFd dir, OpenDir(daemon_dir));
  RELOC_ASSIGN_OR_RETURN(UniqueFd job_dir, MakeJobDir(dir.get(), id));
  UniqueFd socket(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  struct sockaddr_un address = AddressIn(job_dir.get());
  if (!socket.valid() ||
      ::bind(socket.get(), reinterpret_cast<struct sockaddr*>(&address), sizeof address) != 0 ||
      ::listen(socket.get(), kBacklog) != 0) {
    return SystemError(errno, absl::StrCat("cannot make a socket for the job in ", daemon_dir));
  }
  return socket;
}

absl::StatusOr<UniqueFd> ConnectToLauncher(const std::string& daemon_dir, const std::string& id) {
  RELOC_ASSIGN_OR_RETURN(UniqueFd dir, OpenDir(daemon_dir));
  return Connect(dir.get(), id, 0);
}

absl::StatusOr<UniqueFd> ConnectToLauncher(int daemon_dir, const std::string& id) {
  return Connect(daemon_dir, id, SOCK_NONBLOCK);
}

}  // namespace reloc
