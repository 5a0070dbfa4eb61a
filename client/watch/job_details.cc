#include "client/watch/job_details.h"

#include <utility>

#include "client/base/job_record.h"
#include "reloc/hosted/status.h"

namespace reloc {
namespace {

JsonValue TextOrNull(const std::string& text) { return text.empty() ? JsonNull() : JsonText(text); }
JsonValue Bytes(bool known, uint64_t number) {
  return known ? JsonNumber(static_cast<double>(number)) : JsonNull();
}

JsonValue ProcessValue(const relocd::v1::Process& process) {
  JsonValue argv;
  argv.mutable_list_value();
  for (const std::string& word : process.argv()) *argv.mutable_list_value()->add_values() = JsonText(word);
  JsonValue value;
  auto& fields = *value.mutable_struct_value()->mutable_fields();
  fields["pid"] = JsonNumber(process.pid());
  fields["parent"] = JsonNumber(process.parent());
  fields["state"] = JsonText(process.state());
  fields["argv"] = std::move(argv);
  fields["cpu_seconds"] = JsonNumber(process.cpu_seconds());
  fields["rss_bytes"] = JsonNumber(static_cast<double>(process.rss_bytes()));
  fields["read_bytes"] = Bytes(process.has_read_bytes(), process.read_bytes());
  fields["written_bytes"] = Bytes(process.has_written_bytes(), process.written_bytes());
  fields["cwd"] = TextOrNull(process.cwd());
  fields["tty"] = TextOrNull(process.tty());
  return value;
}

}  // namespace

absl::StatusOr<std::vector<relocd::v1::JobDetails>> InspectJobs(const ControlClient& client,
                                                                const std::vector<std::string>& ids,
                                                                bool details) {
  auto stub = relocd::v1::Jobs::NewStub(client.channel());
  relocd::v1::InspectRequest request;
  for (const std::string& id : ids) request.add_ids(id);
  request.set_processes(true);
  request.set_details(details);
  std::vector<relocd::v1::JobDetails> jobs;
  RELOC_RETURN_IF_ERROR(client.Call([&](grpc::ClientContext* context) {
    auto reader = stub->Inspect(context, request);
    relocd::v1::JobDetails job;
    while (reader->Read(&job)) jobs.push_back(std::move(job));
    return reader->Finish();
  }));
  return jobs;
}

Record DetailsRecord(const relocd::v1::JobDetails& details) {
  Record record = JobRecord(details.job());
  JsonValue processes;
  processes.mutable_list_value();
  for (const relocd::v1::Process& process : details.processes()) {
    *processes.mutable_list_value()->add_values() = ProcessValue(process);
  }
  const bool runs = details.mount_namespace() != 0;
  record.insert(
      record.end(),
      {{"cwd", TextOrNull(details.cwd())},
       {"tty", TextOrNull(details.tty())},
       {"cgroup", TextOrNull(details.cgroup())},
       {"mount_namespace", Bytes(runs, details.mount_namespace())},
       {"launcher_pid", Bytes(details.launcher_pid() != 0, static_cast<uint64_t>(details.launcher_pid()))},
       {"attachable", JsonBool(details.attachable())},
       {"output_file", TextOrNull(details.output_file())},
       {"process_list", std::move(processes)}});
  return record;
}

}  // namespace reloc
