#include "daemon/metrics/process_metrics.h"

#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <optional>

#include "absl/time/clock.h"
#include "daemon/metrics/families.h"
#include "daemon/proc/pidfd.h"
#include "daemon/proc/proc_stat.h"

namespace reloc {
namespace {

using prometheus::MetricFamily;

// Once: it must not move with the clock, for it tells restarts.
double StartTime(const ProcStat& stat) {
  static const double kStartTime = absl::ToUnixMillis(absl::Now() - BootTimeNow() + stat.started) / 1000.0;
  return kStartTime;
}

void AddStat(const ProcStat& stat, std::vector<MetricFamily>* metrics) {
  MetricFamily cpu{"process_cpu_seconds_total",
                   "User and system CPU time of relocd.",
                   prometheus::MetricType::Counter,
                   {}};
  cpu.metric.emplace_back().counter.value = stat.cpu_seconds;
  metrics->push_back(std::move(cpu));
  metrics->push_back(Gauge("process_resident_memory_bytes", "Resident memory of relocd.",
                           static_cast<double>(stat.rss_bytes)));
  metrics->push_back(
      Gauge("process_start_time_seconds", "When relocd started, as Unix time.", StartTime(stat)));
}

void AddDescriptors(std::vector<MetricFamily>* metrics) {
  struct stat st;
  // The number of entries since Linux 6.2 (commit f1f1f2569901), 0 before. Counting them takes milliseconds
  // where there are thousands of jobs.
  if (::stat("/proc/self/fd", &st) == 0 && st.st_size > 0) {
    metrics->push_back(
        Gauge("process_open_fds", "Open descriptors of relocd.", static_cast<double>(st.st_size)));
  }
  struct rlimit limit;
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    metrics->push_back(Gauge("process_max_fds", "How many descriptors relocd may open.",
                             static_cast<double>(limit.rlim_cur)));
  }
}

}  // namespace

void AddProcessMetrics(std::vector<MetricFamily>* metrics) {
  if (std::optional<ProcStat> stat = ReadProcStat(::getpid()); stat) AddStat(*stat, metrics);
  AddDescriptors(metrics);
}

}  // namespace reloc
