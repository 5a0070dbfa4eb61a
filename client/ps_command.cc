#include "client/ps_command.h"

#include <stdio.h>

#include <memory>
#include <string>
#include <vector>

#include "client/control_client.h"
#include "client/format.h"
#include "client/job_record.h"
#include "client/report.h"
#include "reloc/pack/status.h"

namespace reloc {
namespace {

struct PsOptions {
  bool all = false;
  bool quiet = false;
  std::string format = "table";
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
  std::vector<std::vector<std::string>> rows = {JobColumns()};
  std::string ids;
  for (const relocd::v1::Job& job : jobs) {
    Record record = JobRecord(job);
    if (!filter.Matches(record)) continue;
    records.push_back(std::move(record));
    rows.push_back(JobRow(job));
    ids += job.id() + "\n";
  }
  if (options.quiet) {
    PrintOut(ids);
  } else {
    PrintOut(options.format == "json" ? ToJson(records) + "\n" : Table(rows));
  }
}

absl::Status Ps(const PsOptions& options) {
  RELOC_ASSIGN_OR_RETURN(Filter filter, ParseFilter(options.filters));
  RELOC_ASSIGN_OR_RETURN(auto client, ControlClient::Connect());
  RELOC_ASSIGN_OR_RETURN(std::vector<relocd::v1::Job> jobs, client->ListJobs(options.all));
  PrintJobs(jobs, filter, options);
  return FlushOut();
}

}  // namespace

void AddPsCommand(CLI::App& app, int* exit_status) {
  auto options = std::make_shared<PsOptions>();
  CLI::App* ps = app.add_subcommand("ps", "List the programs of packs that run");
  ps->add_flag("-a,--all", options->all, "Also those that ended");
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
