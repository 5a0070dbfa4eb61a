#include "client/watch/job_sampler.h"

#include <algorithm>
#include <utility>

#include "client/watch/job_details.h"
#include "reloc/hosted/status.h"

namespace reloc {
namespace {

Rates RatesSince(const absl::flat_hash_map<std::pair<std::string, pid_t>, Totals>& before,
                 const std::pair<std::string, pid_t>& key, const Totals& now) {
  auto found = before.find(key);
  return found == before.end() ? Rates() : RatesBetween(found->second, now);
}

}  // namespace

Totals TotalsOf(const relocd::v1::JobDetails& job) {
  Totals totals{job.sampled_at(), job.job().cpu_seconds(), 0, 0};
  for (const relocd::v1::Process& process : job.processes()) {
    totals.read += process.read_bytes();
    totals.written += process.written_bytes();
  }
  return totals;
}

Totals TotalsOf(const relocd::v1::JobDetails& job, const relocd::v1::Process& process) {
  return {job.sampled_at(), process.cpu_seconds(), process.read_bytes(), process.written_bytes()};
}

Rates RatesBetween(const Totals& before, const Totals& now) {
  const double seconds = now.sampled_at - before.sampled_at;
  if (seconds <= 0) return {};
  auto rate = [seconds](double from, double to) { return std::max(0.0, to - from) / seconds; };
  return {100 * rate(before.cpu_seconds, now.cpu_seconds),
          rate(static_cast<double>(before.read), static_cast<double>(now.read)),
          rate(static_cast<double>(before.written), static_cast<double>(now.written))};
}

absl::Status JobSampler::Look(const ControlClient& client) {
  RELOC_ASSIGN_OR_RETURN(std::vector<relocd::v1::JobDetails> jobs, InspectJobs(client, ids_, false));
  before_.clear();
  for (const relocd::v1::JobDetails& job : jobs_) {
    before_[{job.job().id(), 0}] = TotalsOf(job);
    for (const relocd::v1::Process& process : job.processes()) {
      before_[{job.job().id(), process.pid()}] = TotalsOf(job, process);
    }
  }
  jobs_ = std::move(jobs);
  return absl::OkStatus();
}

Rates JobSampler::RatesOf(const relocd::v1::JobDetails& job) const {
  return RatesSince(before_, {job.job().id(), 0}, TotalsOf(job));
}

Rates JobSampler::RatesOf(const relocd::v1::JobDetails& job, const relocd::v1::Process& process) const {
  return RatesSince(before_, {job.job().id(), process.pid()}, TotalsOf(job, process));
}

}  // namespace reloc
