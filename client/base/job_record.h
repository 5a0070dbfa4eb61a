// Formats a job as `ps` and related commands print it.
#pragma once

#include <string>
#include <vector>

#include "client/base/format.h"
#include "proto/control.pb.h"

namespace reloc {

// Returns all fields of a job, by the names that scripts rely on.
Record JobRecord(const relocd::v1::Job& job);

// Returns "running", "exited 3", "killed TERM".
std::string JobStateText(const relocd::v1::Job& job);

// Returns "2026-11-30 19:15:38", in local time.
std::string TimeText(const google::protobuf::Timestamp& time);

// Returns how long ago that was: 42s, 17m, 5h, 3d. One unit is enough to distinguish jobs.
std::string Age(const google::protobuf::Timestamp& since);

// Return the header and the cells of a table of jobs.
std::vector<std::string> JobColumns(bool with_user = false);
std::vector<std::string> JobRow(const relocd::v1::Job& job, bool with_user = false);
// Do the same for jobs that ended.
std::vector<std::string> EndedJobColumns();
std::vector<std::string> EndedJobRow(const relocd::v1::Job& job);

}  // namespace reloc
