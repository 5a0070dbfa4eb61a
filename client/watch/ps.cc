#include <memory>
#include <string>
#include <vector>

#include "client/base/control_client.h"
#include "client/base/format.h"
#include "client/base/job_record.h"
#include "client/base/report.h"
#include "client/watch/all_daemons.h"
#include "client/watch/commands.h"
#include "reloc/hosted/status.h"
#include "reloc/hosted/text.h"

namespace reloc {
namespace {

struct PsOptions {
  bool all = false;
  bool all_users = false;
  bool quiet = false;
  std::string format;
  std::vector<std::string> filters;
};

absl::StatusOr<Filter> ParseFilter(const std::vector<std::string>& texts) {
  Filter filter;
  for (const std::string& text : texts) RELOC_RETURN_IF_ERROR(filter.Add(text));
  RELOC_RETURN_IF_ERROR(filter.CheckKeys(JobRecord({})));
  return filter;
}

void PrintJobs(const std::vector<relocd::v1::Job>& jobs, const Filter& filter, const PsOptions& options) {
  std::vector<Record> records;
  std::vector<std::vector<std::string>> rows = {JobColumns(options.all_users)};
  std::string ids;
  const bool json = options.format == "json" && !options.quiet;
  for (const relocd::v1::Job& job : jobs) {
    // Thousands of records take a while: only needed ones are made.
    Record record = json || !filter.empty() ? JobRecord(job) : Record();
    if (!filter.empty() && !filter.Matches(record)) continue;
    if (options.quiet) {
      ids += OneLine(job.id()) + "\n";
    } else if (json) {
      records.push_back(std::move(record));
    } else {
      rows.push_back(JobRow(job, options.all_users));
    }
  }
  if (options.quiet) {
    PrintOut(ids);
  } else {
    PrintOut(json ? ToJson(records) + "\n" : Table(rows));
  }
}

absl::StatusOr<std::vector<relocd::v1::Job>> ListJobs(const PsOptions& options) {
  if (options.all_users) return ListJobsOfAllUsers(options.all);
  RELOC_ASSIGN_OR_RETURN(auto client, ControlClient::Connect());
  return client->ListJobs(options.all);
}

absl::Status Ps(const PsOptions& options) {
  RELOC_ASSIGN_OR_RETURN(Filter filter, ParseFilter(options.filters));
  RELOC_ASSIGN_OR_RETURN(std::vector<relocd::v1::Job> jobs, ListJobs(options));
  PrintJobs(jobs, filter, options);
  return FlushOut();
}

}  // namespace

void AddPsCommand(CLI::App& app, int* exit_status) {
  auto options = std::make_shared<PsOptions>();
  CLI::App* ps = app.add_subcommand("ps", "List the programs of packs that run");
  ps->add_flag("-a,--all", options->all, "Also those that ended");
  ps->add_flag("--all-users", options->all_users,
               "Also those of the site's daemon, and for root those of every user");
  ps->add_flag("-q,--quiet", options->quiet, "Only ids");
  AddFormatOption(ps, &options->format);
  ps->add_option(
        "--filter", options->filters,
        "Only jobs whose KEY has this VALUE (name=sed, state=exited); the keys are those of --format json")
      ->type_name("KEY=VALUE")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  ps->footer(
      "Examples:\n"
      "  relocctl ps\n"
      "  relocctl ps -a --filter state=exited --filter exit_code=1\n"
      "  relocctl ps --format json | jq '.[] | {id, name, rss_bytes}'");
  ps->callback([options, exit_status] { *exit_status = ExitStatus(Ps(*options)); });
}

}  // namespace reloc
