// What the user may mean by a word that stands for a job.
#pragma once

#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/strings/string_view.h"
#include "daemon/model/job.h"

namespace reloc {

// The jobs that `ref` may name: by id; else by the pid of a running one's main process; else by name, of
// those that run or else of all; else by the beginning of the id; else by the pid of one that has ended, the
// last; else a running one by the pid of any of its processes. `list_processes` is asked for that: those of
// each of `jobs`, in the same order.
using ProcessLister = absl::FunctionRef<std::vector<std::vector<pid_t>>()>;
std::vector<Job> FindJobs(const std::vector<Job>& jobs, absl::string_view ref, ProcessLister list_processes);

// Returns the name or id of a job that resembles `ref`, or "".
std::string NearestJob(const std::vector<Job>& jobs, absl::string_view ref);

}  // namespace reloc
