#include <unistd.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/time.h"
#include "client/base/control_client.h"
#include "client/base/format.h"
#include "client/base/job_ref.h"
#include "client/base/reader_watch.h"
#include "client/base/report.h"
#include "client/watch/commands.h"
#include "client/watch/job_sampler.h"
#include "reloc/cli/output.h"
#include "reloc/hosted/human_size.h"
#include "reloc/hosted/status.h"

namespace reloc {
namespace {

using relocd::v1::JobDetails;

constexpr absl::Duration kFirst = absl::Milliseconds(300);  // until the second sample, which has rates
constexpr absl::Duration kInterval = absl::Seconds(1);

struct StatsOptions {
  bool no_stream = false;
  std::string format;
  std::vector<std::string> jobs;
};

JsonValue NumberOrNull(const std::optional<double>& number) {
  return number ? JsonNumber(*number) : JsonNull();
}

// Returns whether its processes could be read. Unknown values are not zero.
bool IsKnown(const JobDetails& job) { return job.job().has_processes(); }

Record StatsRecord(const JobDetails& job, const Rates& rates) {
  const bool known = IsKnown(job);
  const Totals totals = TotalsOf(job);
  return {{"id", JsonText(job.job().id())},
          {"name", JsonText(job.job().name())},
          {"pid", JsonNumber(job.job().pid())},
          {"cpu_percent", NumberOrNull(rates.cpu_percent)},
          {"cpu_seconds", known ? JsonNumber(job.job().cpu_seconds()) : JsonNull()},
          {"rss_bytes", known ? JsonNumber(static_cast<double>(job.job().rss_bytes())) : JsonNull()},
          {"read_bytes", known ? JsonNumber(static_cast<double>(totals.read)) : JsonNull()},
          {"written_bytes", known ? JsonNumber(static_cast<double>(totals.written)) : JsonNull()},
          {"processes", known ? JsonNumber(job.job().processes()) : JsonNull()}};
}

std::vector<std::string> StatsRow(const JobDetails& job, const Rates& rates) {
  if (!IsKnown(job)) return {job.job().id(), job.job().name(), "-", "-", "-", "-", "-", "-"};
  const Totals totals = TotalsOf(job);
  return {job.job().id(),
          job.job().name(),
          rates.cpu_percent ? absl::StrFormat("%.1f%%", *rates.cpu_percent) : "-",
          absl::StrFormat("%.2fs", job.job().cpu_seconds()),
          HumanSize(static_cast<double>(job.job().rss_bytes())),
          HumanSize(static_cast<double>(totals.read)),
          HumanSize(static_cast<double>(totals.written)),
          absl::StrCat(job.job().processes())};
}

bool Runs(const JobDetails& job) { return job.job().state() == relocd::v1::Job::STATE_RUNNING; }

// On a terminal each sample replaces the previous one.
absl::Status Print(const JobSampler& sampler, const StatsOptions& options) {
  if (options.format == "json") {
    for (const JobDetails& job : sampler.jobs()) {
      if (Runs(job)) PrintOut(ToJson(StatsRecord(job, sampler.RatesOf(job))) + "\n");
    }
    return FlushOut();
  }
  std::vector<std::vector<std::string>> rows = {
      {"ID", "NAME", "CPU %", "CPU", "MEMORY", "READ", "WRITTEN", "PROCESSES"}};
  for (const JobDetails& job : sampler.jobs()) {
    if (Runs(job)) rows.push_back(StatsRow(job, sampler.RatesOf(job)));
  }
  if (!options.no_stream && ::isatty(STDOUT_FILENO) == 1) ClearScreen();
  PrintOut(Table(rows));
  return FlushOut();
}

absl::Status Stats(const StatsOptions& options) {
  RELOC_ASSIGN_OR_RETURN(auto client, ControlClient::Connect());
  std::vector<std::string> ids;
  for (const std::string& ref : options.jobs) {
    RELOC_ASSIGN_OR_RETURN(relocd::v1::Job job, FindJob(*client, ref));
    if (job.state() != relocd::v1::Job::STATE_RUNNING) {
      return absl::FailedPreconditionError(absl::StrCat("job ", job.id(), " (", job.name(), ") has ended"));
    }
    ids.push_back(job.id());
  }
  JobSampler sampler(ids);
  RELOC_RETURN_IF_ERROR(sampler.Look(*client));
  if (ReaderGoneWithin(kFirst)) return absl::OkStatus();
  while (true) {
    RELOC_RETURN_IF_ERROR(sampler.Look(*client));
    bool over = !ids.empty() && std::none_of(sampler.jobs().begin(), sampler.jobs().end(), Runs);
    if (over) return absl::OkStatus();
    RELOC_RETURN_IF_ERROR(Print(sampler, options));
    if (options.no_stream || ReaderGoneWithin(kInterval)) return absl::OkStatus();
  }
}

}  // namespace

void AddStatsCommand(CLI::App& app, int* exit_status) {
  auto options = std::make_shared<StatsOptions>();
  CLI::App* stats = app.add_subcommand("stats", "What jobs use: processors, memory, disks; refreshed");
  stats->add_flag("--no-stream", options->no_stream, "Once, and not every second");
  AddFormatOption(stats, &options->format);
  stats->add_option("JOB", options->jobs, "Ids, names or pids; without any: all that run");
  stats->footer(
      "CPU % is of one processor, so that a job with two busy threads has 200. With --format json each line "
      "is "
      "a job. What is read and written is that of block devices, by the processes that live.\n"
      "\n"
      "Examples:\n"
      "  relocctl stats\n"
      "  relocctl stats --no-stream --format json sed");
  stats->callback([options, exit_status] { *exit_status = ExitStatus(Stats(*options)); });
}

}  // namespace reloc
