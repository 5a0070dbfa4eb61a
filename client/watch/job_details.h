// Jobs with their processes, from the daemon: for inspect, stats and top.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "client/base/control_client.h"
#include "client/base/format.h"
#include "proto/control.pb.h"

namespace reloc {

// Returns the jobs with these ids, or all running ones if there are none. `details`: everything known.
absl::StatusOr<std::vector<relocd::v1::JobDetails>> InspectJobs(const ControlClient& client,
                                                                const std::vector<std::string>& ids,
                                                                bool details);

// Returns all fields of `ps --format json`, and those that only `inspect` has.
Record DetailsRecord(const relocd::v1::JobDetails& details);

}  // namespace reloc
