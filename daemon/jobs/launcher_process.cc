#include "daemon/jobs/launcher_process.h"

#include "daemon/proc/pidfd.h"
#include "reloc/hosted/status.h"
#include "reloc/ipc/unix_address.h"
#include "reloc/job/attach_socket.h"
#include "reloc/job/job_files.h"

namespace reloc {

absl::StatusOr<UniqueFd> OpenLauncher(int daemon_dir, const std::string& id) {
  if (!IsJobId(id)) return absl::NotFoundError("not a job's id");
  RELOC_ASSIGN_OR_RETURN(UniqueFd socket, ConnectToLauncher(daemon_dir, id));
  // Of who called listen(2), see unix(7).
  Result<struct ucred> peer = PeerOf(socket.get());
  if (!peer.ok()) return absl::ErrnoToStatus(peer.error().value, "cannot tell who serves the job's socket");
  // It lived just now: nobody else has taken the connection.
  return OpenPeerPidfd(socket.get(), peer->pid, BootTimeNow());
}

}  // namespace reloc
