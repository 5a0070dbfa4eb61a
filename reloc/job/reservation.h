// A job that has a launcher, in relocd's view: its id and name are reserved before it starts, its process
// binds itself to them, and its launcher reports how it ended.
#pragma once

#include <stdint.h>

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "reloc/launch/daemon_link.h"

namespace reloc {

struct Reservation {
  std::string daemon_dir;
  std::string warning;  // about the daemon's place; otherwise empty
  std::string id;
  std::string output_dir;
  uint64_t output_limit = 0;  // bytes
  DaemonLink link;            // closing it releases what was not bound
};

// Reserves an id and a name. NotFound: no daemon runs, or none may be used; Unavailable: it does not answer,
// or does not know this message; PermissionDenied: it belongs to another user; FailedPrecondition: it refuses
// (for example, the name is taken). All errors say how to fix them.
absl::StatusOr<Reservation> ReserveJob(const char* const* envp, const std::string& name);

// Makes this process the job. Errors as above.
absl::Status BindJob(const std::string& daemon_dir, const std::string& id);

// Reports that the job has ended, with the status of waitpid(2); `launched`: its program was executed. An
// error if no daemon has received it.
absl::Status ReportEnded(const std::string& daemon_dir, const std::string& id, int wait_status,
                         bool launched);

}  // namespace reloc
