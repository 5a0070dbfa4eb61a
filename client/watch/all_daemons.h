// Lists the jobs of all users' daemons, as far as this user may.
#pragma once

#include <vector>

#include "absl/status/statusor.h"
#include "proto/control.pb.h"

namespace reloc {

// Returns the jobs of the user's own daemon and the site's; for root also those of every user, at the default
// places of daemons. Within three seconds: warns on stderr about daemons that do not answer, and about what
// there was no time to look for. NotFound if none runs.
absl::StatusOr<std::vector<relocd::v1::Job>> ListJobsOfAllUsers(bool include_ended);

}  // namespace reloc
