// What `run --supervised` and `attach` have in common.
#pragma once

#include <string>

#include "reloc/job/attach_session.h"
#include "reloc/launch/launch_log.h"

namespace reloc {

// Returns the first of the standard descriptors that is a terminal, or -1.
int FindTerminal();

// Reports how the session `left` the job `id`, if the user has to know. Returns an exit status, or ends the
// process as the job or a signal would have. All signals must be blocked.
int FinishAttachment(const Left& left, const std::string& id, const LaunchLog& log);

}  // namespace reloc
