// Signals for a job as a whole.
#pragma once

#include <stdint.h>

#include "absl/functional/function_ref.h"
#include "daemon/model/job.h"
#include "proto/process_survey.pb.h"
#include "reloc/base/unique_fd.h"

namespace reloc {

struct Signalled {
  uint32_t processes = 0;  // that got the signal
  uint32_t refused = 0;    // that belong to someone else (setuid programs)
};

// Sends `signal` to every process of `job`, and to those that they start meanwhile, once to each. `main`: of
// its main process; not valid if that has ended.
//
// Never to anything else: a number is taken from what `look` says of the job's processes, a pidfd is opened
// for it, and only then is it asked again whether that process, which the number still names as long as it
// has not ended, belongs to the job: its parent is one of the job's processes that lives, or it bears the
// job's mark. `look` is called a few times, and waits: not from the event loop.
using LookAtJob = absl::FunctionRef<relocd::v1::SurveyAnswer::Subject()>;
Signalled SignalJob(const Job& job, const UniqueFd& main, int signal, LookAtJob look);

}  // namespace reloc
