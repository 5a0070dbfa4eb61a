// All that can be known of a job and its processes, as messages of the control plane. Looks at the disk, so
// not for the event loop's thread.
#pragma once

#include <string>

#include "daemon/model/job.h"
#include "proto/control.pb.h"
#include "proto/process_survey.pb.h"

namespace reloc {

// The job and what it uses; `each`: every process of it as well. `processes`: the answer about it.
relocd::v1::JobDetails Describe(const Job& job, const relocd::v1::SurveyAnswer::Subject& processes,
                                bool each);

// Where it stands and where its output goes. `dir`: the daemon's directory. `output_dir`: of jobs' output,
// which is left out where that does not answer.
void AddDetails(const Job& job, const relocd::v1::SurveyAnswer::Subject& processes, const std::string& dir,
                const std::string& output_dir, relocd::v1::JobDetails* details);

}  // namespace reloc
