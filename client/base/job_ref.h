// Resolves JOB, as all commands understand it: an id or the beginning of one, a name, or a pid.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "client/base/control_client.h"
#include "proto/control.pb.h"

namespace reloc {

// Returns the one job that `ref` names, without its resource usage. NotFound, perhaps with a guess of what
// was meant; InvalidArgument, with a list, if there are several.
absl::StatusOr<relocd::v1::Job> FindJob(const ControlClient& client, const std::string& ref);

// Sends `signal` to all processes of the job with this id.
absl::StatusOr<relocd::v1::KillResponse> KillJob(const ControlClient& client, const std::string& id,
                                                 int signal);

}  // namespace reloc
