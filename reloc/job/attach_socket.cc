#include "reloc/job/attach_socket.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "reloc/base/file.h"
#include "reloc/hosted/files.h"
#include "reloc/hosted/status.h"
#include "reloc/ipc/unix_address.h"
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

absl::Status NoLauncher(int error, const std::string& id) {
  if (error == ECONNREFUSED || error == ENOENT) {
    return absl::NotFoundError(absl::StrCat("the launcher of job ", id, " is gone"));
  }
  return absl::UnavailableError(absl::StrCat("cannot reach the launcher of job ", id, ": ", strerror(error)));
}

// Connects. `flags`: SOCK_NONBLOCK or 0.
absl::StatusOr<UniqueFd> Connect(int daemon_dir, const std::string& id, int flags) {
  Result<UniqueFd> job_dir =
      OpenAt(daemon_dir, absl::StrCat("jobs/", id).c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW);
  if (!job_dir.ok()) return NoLauncher(job_dir.error().value, id);
  UniqueFd socket(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | flags, 0));
  const UnixAddress address(job_dir->get(), kAttachSocket);
  // Does not wait for a launcher that is stopped, and whose queue of clients is full.
  (void)::setsockopt(socket.get(), SOL_SOCKET, SO_SNDTIMEO, &kConnectTimeout, sizeof kConnectTimeout);
  if (!socket.valid() || ::connect(socket.get(), address.get(), address.size()) != 0) {
    return NoLauncher(errno, id);
  }
  if (!IsPeerTrusted(socket.get())) {
    return absl::PermissionDeniedError(absl::StrCat("the launcher of job ", id, " is someone else's"));
  }
  return socket;
}

}  // namespace

absl::StatusOr<UniqueFd> ListenForClients(const std::string& daemon_dir, const std::string& id) {
  RELOC_ASSIGN_OR_RETURN(UniqueFd dir, OpenDir(daemon_dir));
  RELOC_ASSIGN_OR_RETURN(UniqueFd job_dir, MakeJobDir(dir.get(), id));
  UniqueFd socket(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const UnixAddress address(job_dir.get(), kAttachSocket);
  if (!socket.valid() || ::bind(socket.get(), address.get(), address.size()) != 0 ||
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
