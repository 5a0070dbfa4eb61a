// Jobs with their processes, as the daemon tells of them: what inspect, stats and top show.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "client/base/control_client.h"
#include "client/base/format.h"
#include "proto/control.pb.h"

namespace reloc {

// Of the jobs with these ids, or of all that run if there are none. `details`: all that there is to know.
absl::StatusOr<std::vector<relocd::v1::JobDetails>> InspectJobs(const ControlClient& client,
                                                                const std::vector<std::string>& ids,
                                                                bool details);

// All fields of `ps --format json`, and what only `inspect` tells.
Record DetailsRecord(const relocd::v1::JobDetails& details);

}  // namespace reloc
