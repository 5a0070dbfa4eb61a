// relocd's own values as messages of the control plane.
#pragma once

#include "absl/time/time.h"
#include "daemon/model/event.h"
#include "daemon/model/job.h"
#include "daemon/model/root.h"
#include "daemon/proc/proc_stat.h"
#include "proto/control.pb.h"
#include "proto/process_survey.pb.h"
#include "reloc/mirror/mirror.h"

namespace reloc {

google::protobuf::Timestamp ToTimestamp(absl::Time time);
absl::Time ToTime(const google::protobuf::Timestamp& message);
// All but what its processes use.
relocd::v1::Job ToMessage(const Job& job);
// The job that such a message was made of. Names that this version does not know become "none".
Job FromMessage(const relocd::v1::Job& message);
// What a job's live processes use, as the answer about it says.
Usage UsageOf(const relocd::v1::SurveyAnswer::Subject& processes);
// `usage`: of the job's live processes.
relocd::v1::Job ToMessage(const Job& job, const Usage& usage);
relocd::v1::Root ToMessage(const Root& root, size_t jobs);
relocd::v1::Event ToMessage(const Event& event);
// `own_bytes`: what only this mirror takes on the disk. `link`: where launches without a root find it.
relocd::v1::Mirror ToMessage(const Mirror& mirror, uint64_t own_bytes, const std::string& link);

}  // namespace reloc
