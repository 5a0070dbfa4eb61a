// The launcher of a job (reloc/job/job_launcher.h), to learn whether it will still tell how the job ended.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "reloc/base/unique_fd.h"

namespace reloc {

// A pidfd of the launcher of job `id`: the process that serves the job's socket in `daemon_dir` (a
// descriptor), which it does until relocd has its word. NotFound: there is none, or none any more.
absl::StatusOr<UniqueFd> OpenLauncher(int daemon_dir, const std::string& id);

}  // namespace reloc
