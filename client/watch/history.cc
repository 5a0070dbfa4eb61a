#include <google/protobuf/util/time_util.h>
#include <stdint.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/clock.h"
#include "client/base/answering.h"
#include "client/base/control_client.h"
#include "client/base/daemon_process.h"
#include "client/base/format.h"
#include "client/base/job_record.h"
#include "client/base/report.h"
#include "client/base/time_arg.h"
#include "client/watch/commands.h"
#include "reloc/cli/output.h"
#include "reloc/hosted/child_task.h"
#include "reloc/hosted/status.h"
#include "reloc/storage/history_file.h"

namespace reloc {
namespace {

struct HistoryOptions {
  std::string since;
  std::optional<uint32_t> limit;
  std::string format;
};
using Jobs = std::vector<relocd::v1::Job>;

absl::StatusOr<Jobs> AskDaemon(const ControlClient& client, const HistoryQuery& query) {
  relocd::v1::ListEndedRequest request;
  if (query.since != absl::InfinitePast()) {
    *request.mutable_since() =
        google::protobuf::util::TimeUtil::NanosecondsToTimestamp(absl::ToUnixNanos(query.since));
  }
  if (query.limit > 0) request.set_limit(static_cast<uint32_t>(query.limit));
  auto stub = relocd::v1::History::NewStub(client.channel());
  Jobs jobs;
  auto list = [&](grpc::ClientContext* context) {
    auto reader = stub->ListEnded(context, request);
    for (relocd::v1::PastJob past; reader->Read(&past);) {
      if (!past.warning().empty()) ReportError(absl::UnavailableError(past.warning()));
      if (past.has_job()) jobs.push_back(std::move(*past.mutable_job()));
    }
    return reader->Finish();
  };
  // Has no deadline: there may be many.
  RELOC_RETURN_IF_ERROR(client.Call(list, CallKind::kLasting));
  return jobs;
}

// Returns the content of the history's file, as the bytes of a JobBatch.
absl::StatusOr<std::string> ReadFile(const std::string& dir, const HistoryQuery& query) {
  RELOC_ASSIGN_OR_RETURN(std::string path, HistoryPath(dir));
  relocd::v1::JobBatch batch;
  RELOC_RETURN_IF_ERROR(ReadPastJobs(path, query, [&](absl::string_view record) {
    relocd::v1::Job job;
    if (job.ParseFromArray(record.data(), static_cast<int>(record.size())))
      *batch.add_jobs() = std::move(job);
  }));
  return batch.SerializeAsString();
}

// Without a daemon, nothing waits to be written to the file. A directory that is not the user's own is not read. No channel was
// made: the process is single-threaded.
absl::StatusOr<Jobs> ReadDirectly(const HistoryQuery& query) {
  RELOC_ASSIGN_OR_RETURN(std::string dir, ChosenDaemonDir());
  absl::StatusOr<std::string> bytes = TryInChild(kFileTimeout, [&] { return ReadFile(dir, query); });
  if (absl::IsDeadlineExceeded(bytes.status())) return DoesNotAnswer(kStateDirectory);
  RELOC_RETURN_IF_ERROR(bytes.status());
  relocd::v1::JobBatch batch;
  batch.ParseFromString(*bytes);
  return Jobs(batch.jobs().begin(), batch.jobs().end());
}

absl::StatusOr<Jobs> FindJobs(const HistoryQuery& query) {
  if (const std::optional<pid_t> stopped = StoppedDaemon(); stopped) {
    PrintError("relocctl: warning",
               absl::StrCat("the daemon (pid ", *stopped,
                            ") is stopped: the latest jobs may be missing; kill -CONT ", *stopped));
    return ReadDirectly(query);
  }
  absl::StatusOr<std::unique_ptr<ControlClient>> client = ControlClient::ConnectQuietly();
  if (absl::IsNotFound(client.status()) || HasOwnState(client.status())) return ReadDirectly(query);
  if (!client.ok()) return client.status();
  return AskDaemon(**client, query);
}

absl::Status History(const HistoryOptions& options) {
  HistoryQuery query;
  if (!options.since.empty()) {
    RELOC_ASSIGN_OR_RETURN(query.since, ParseTimeArgument(options.since, absl::Now(), absl::LocalTimeZone()));
  }
  if (options.limit) query.limit = *options.limit;
  if (query.limit == 0) {
    if (options.format == "json") PrintOut("[]\n");
    return FlushOut();
  }
  RELOC_ASSIGN_OR_RETURN(Jobs jobs, FindJobs(query));
  std::vector<Record> records;
  std::vector<std::vector<std::string>> rows = {EndedJobColumns()};
  for (relocd::v1::Job& job : jobs) {
    job.set_processes(0);
    records.push_back(JobRecord(job));
    rows.push_back(EndedJobRow(job));
  }
  PrintOut(options.format == "json" ? ToJson(records) + "\n" : Table(rows));
  return FlushOut();
}

}  // namespace

void AddHistoryCommand(CLI::App& app, int* exit_status) {
  auto options = std::make_shared<HistoryOptions>();
  CLI::App* history = app.add_subcommand("history", "List the programs of packs that ended, also long ago");
  history
      ->add_option("--since", options->since, std::string("Only those that ended since then: ") + kTimeHelp)
      ->type_name("TIME");
  history->add_option("-n,--limit", options->limit, "Only the last N; 0: none")->type_name("N");
  AddFormatOption(history, &options->format);
  history->footer(
      "Works without a daemon too. What runs, and what ended lately: relocctl ps -a\n"
      "\n"
      "Examples:\n"
      "  relocctl history --since 2h\n"
      "  relocctl history -n 20\n"
      "  relocctl history --since 2026-11-01 --format json");
  history->callback([options, exit_status] { *exit_status = ExitStatus(History(*options)); });
}

}  // namespace reloc
