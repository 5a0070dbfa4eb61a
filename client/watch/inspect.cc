#include <memory>
#include <string>
#include <vector>

#include "client/base/control_client.h"
#include "client/base/format.h"
#include "client/base/job_ref.h"
#include "client/base/report.h"
#include "client/watch/commands.h"
#include "client/watch/job_details.h"
#include "reloc/hosted/status.h"

namespace reloc {
namespace {

absl::Status Inspect(const std::vector<std::string>& refs) {
  RELOC_ASSIGN_OR_RETURN(auto client, ControlClient::Connect());
  std::vector<Record> records;
  for (const std::string& ref : refs) {
    RELOC_ASSIGN_OR_RETURN(relocd::v1::Job job, FindJob(*client, ref));
    RELOC_ASSIGN_OR_RETURN(std::vector<relocd::v1::JobDetails> found,
                           InspectJobs(*client, {job.id()}, /*details=*/true));
    for (const relocd::v1::JobDetails& details : found) records.push_back(DetailsRecord(details));
  }
  PrintOut(ToJson(records) + "\n");
  return FlushOut();
}

}  // namespace

void AddInspectCommand(CLI::App& app, int* exit_status) {
  auto jobs = std::make_shared<std::vector<std::string>>();
  auto format = std::make_shared<std::string>();
  CLI::App* inspect = app.add_subcommand("inspect", "All that is known of jobs, as JSON");
  inspect->add_option("JOB", *jobs, "Ids, names or pids")->required();
  AddFormatOption(inspect, format.get(), {"json"});  // the only one, but scripts use the option everywhere
  inspect->footer(
      "Examples:\n"
      "  relocctl inspect sed\n"
      "  relocctl inspect 4rk | jq '.[0].process_list[].cwd'");
  inspect->callback([jobs, format, exit_status] { *exit_status = ExitStatus(Inspect(*jobs)); });
}

}  // namespace reloc
