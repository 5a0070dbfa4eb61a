// Measures repeatedly what jobs use: rates of CPU time and bytes are differences.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "client/base/control_client.h"
#include "proto/control.pb.h"

namespace reloc {

struct Rates {
  std::optional<double> cpu_percent;                          // of one processor; none in the first sample
  std::optional<double> read_per_second, written_per_second;  // bytes
};

// What a job, or a process of it, has used in total.
struct Totals {
  double sampled_at = 0;
  double cpu_seconds = 0;
  uint64_t read = 0, written = 0;  // bytes, of the processes that run
};
Totals TotalsOf(const relocd::v1::JobDetails& job);
Totals TotalsOf(const relocd::v1::JobDetails& job, const relocd::v1::Process& process);
// Returns what was used between the two. The totals of processes that ended in between are lost: never less
// than 0.
Rates RatesBetween(const Totals& before, const Totals& now);

class JobSampler {
 public:
  // Measures the jobs with these ids, or all running ones if there are none.
  explicit JobSampler(std::vector<std::string> ids) : ids_(std::move(ids)) {}

  // Takes a sample. The previous one becomes the base of the rates.
  absl::Status Look(const ControlClient& client);

  const std::vector<relocd::v1::JobDetails>& jobs() const { return jobs_; }
  Rates RatesOf(const relocd::v1::JobDetails& job) const;
  Rates RatesOf(const relocd::v1::JobDetails& job, const relocd::v1::Process& process) const;

 private:
  using Key = std::pair<std::string, pid_t>;  // pid 0: the job

  std::vector<std::string> ids_;
  std::vector<relocd::v1::JobDetails> jobs_;
  absl::flat_hash_map<Key, Totals> before_;
};

}  // namespace reloc
