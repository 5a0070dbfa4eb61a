// The answer to a question about the processes of jobs (proto/process_survey.proto), in the process that
// reads /proc.
#pragma once

#include <vector>

#include "daemon/model/job.h"
#include "daemon/proc/stall_guard.h"
#include "proto/process_survey.pb.h"
#include "reloc/base/unique_fd.h"

namespace reloc {

// For a question: what has to be known of a job to find its processes.
relocd::v1::SurveyRequest::Subject SubjectOf(const Job& job, bool wanted);

class Surveyor {
 public:
  Surveyor();
  relocd::v1::SurveyAnswer Answer(const relocd::v1::SurveyRequest& request);

 private:
  StallGuard guard_;
  std::vector<UniqueFd> held_;  // the namespaces that are a job's mark
};

}  // namespace reloc
