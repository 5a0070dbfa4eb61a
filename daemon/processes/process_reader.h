// One call's questions to a process that reads /proc. For gRPC's threads: it waits, but not beyond a
// deadline.
#pragma once

#include <optional>
#include <vector>

#include "absl/time/time.h"
#include "daemon/base/mailbox.h"
#include "daemon/model/job.h"
#include "daemon/processes/process_readers.h"
#include "proto/process_survey.pb.h"

namespace reloc {

class ProcessReader {
 public:
  // Both must outlive it. All that is asked takes at most 1.6 s together: relocctl waits 2 s.
  ProcessReader(ProcessReaders* readers, Mailbox* mailbox);
  ~ProcessReader();
  ProcessReader(const ProcessReader&) = delete;
  ProcessReader& operator=(const ProcessReader&) = delete;

  // The answer, with as many jobs as the request; where it does not come in time, one that knows nothing.
  relocd::v1::SurveyAnswer Ask(const relocd::v1::SurveyRequest& request);

 private:
  bool Exchange(const relocd::v1::SurveyRequest& request, relocd::v1::SurveyAnswer* answer);

  ProcessReaders* readers_;
  Mailbox* mailbox_;
  absl::Duration deadline_;  // MonotonicNow()
  std::optional<ProcessReaders::Lent> lent_;
  bool failed_ = false;
};

// A question about the processes of all `jobs`.
relocd::v1::SurveyRequest SurveyOf(const std::vector<Job>& jobs, relocd::v1::SurveyRequest::Depth depth);

}  // namespace reloc
