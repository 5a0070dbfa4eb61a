// The daemons of all users, as far as this user may look at them.
#pragma once

#include <vector>

#include "absl/status/statusor.h"
#include "proto/control.pb.h"

namespace reloc {

// The jobs of one's own daemon and the site's; for root those of every user's as well, where daemons are by
// default. Within three seconds: warns on stderr of daemons that do not answer, and of what there was no time
// to look for. NotFound if none runs.
absl::StatusOr<std::vector<relocd::v1::Job>> ListJobsOfAllUsers(bool include_ended);

}  // namespace reloc
