// A job that has a launcher, as relocd knows it: its id and name are reserved before it starts, its process
// binds itself to them, and its launcher tells how it ended.
#pragma once

#include <stdint.h>

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "reloc/launch/daemon_link.h"

namespace reloc {

struct Reservation {
  std::string daemon_dir;
  std::string warning;  // about the daemon's place; else empty
  std::string id;
  std::string output_dir;
  uint64_t output_limit = 0;  // bytes
  DaemonLink link;            // closed, it ends what was not bound
};

// NotFound: no daemon runs, or none is to be used; Unavailable: it does not answer, or does not know what
// this is; PermissionDenied: it is someone else's; FailedPrecondition: it says no (the name is taken, say).
// All with the cure.
absl::StatusOr<Reservation> ReserveJob(const char* const* envp, const std::string& name);

// This process is the job. Errors as above.
absl::Status BindJob(const std::string& daemon_dir, const std::string& id);

// The job has ended, in the way of waitpid(2); `launched`: its program was executed. Not OK if no daemon has
// heard it.
absl::Status TellEnded(const std::string& daemon_dir, const std::string& id, int wait_status, bool launched);

}  // namespace reloc
