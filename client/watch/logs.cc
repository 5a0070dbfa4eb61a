// The daemon knows which job is meant and where output is kept; this process reads the files. So output can
// be followed through a restart of the daemon, and read without one by the job's whole id.
#include <unistd.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "client/base/answering.h"
#include "client/base/control_client.h"
#include "client/base/daemon_process.h"
#include "client/base/job_ref.h"
#include "client/base/report.h"
#include "client/watch/commands.h"
#include "reloc/hosted/status.h"
#include "reloc/job/job_files.h"
#include "reloc/job/output_reader.h"
#include "reloc/storage/state_dir.h"

namespace reloc {
namespace {

struct LogsOptions {
  std::string job;
  bool follow = false;
  std::optional<uint64_t> tail;
};

struct Output {
  std::string dir;
  std::string id;
  bool job_runs = true;
  absl::Status unknown;  // the daemon's error about the job, if it does not know it
};

absl::StatusOr<Output> AskForOutput(const std::string& text) {
  RELOC_ASSIGN_OR_RETURN(std::unique_ptr<ControlClient> client, ControlClient::ConnectQuietly());
  RELOC_ASSIGN_OR_RETURN(relocd::v1::Job job, FindJob(*client, text));
  if (job.placement() == "caller") {
    return absl::FailedPreconditionError(
        absl::StrCat("job ", job.id(), " (", job.name(),
                     ") was started in place of its caller, and writes where "
                     "that did; output is kept of relocctl run --detach"));
  }
  RELOC_ASSIGN_OR_RETURN(relocd::v1::DaemonStatus status, client->GetStatus());
  return Output{status.output_dir(), job.id(), job.state() == relocd::v1::Job::STATE_RUNNING, {}};
}

// Works by the job's id also without a daemon, and for a job that the daemon does not know any more. Then
// `dir` is empty.
absl::StatusOr<Output> FindOutput(const std::string& text) {
  // A whole id is enough to find the output without the daemon.
  if (const std::optional<pid_t> stopped = IsJobId(text) ? StoppedDaemon() : std::nullopt; stopped) {
    return Output{"", text, true,
                  absl::UnavailableError(
                      absl::StrCat("the daemon (pid ", *stopped, ") is stopped; kill -CONT ", *stopped))};
  }
  absl::StatusOr<Output> answer = AskForOutput(text);
  const bool no_answer = absl::IsNotFound(answer.status()) || HasOwnState(answer.status());
  if (!no_answer || !IsJobId(text)) return answer;
  return Output{"", text, true, answer.status()};
}

// Runs in a child, because the state directory may not answer.
absl::Status Show(const Output& output, const LogsOptions& options, int to,
                  const std::function<void()>& on_open) {
  std::string dir = output.dir;
  if (dir.empty()) {
    RELOC_ASSIGN_OR_RETURN(std::string daemon_dir, ChosenDaemonDir());
    RELOC_ASSIGN_OR_RETURN(dir, OutputDir(daemon_dir));
  }
  absl::StatusOr<OutputReader> reader = OutputReader::Open(dir, output.id);
  if (!reader.ok() && !output.unknown.ok()) return output.unknown;
  if (absl::IsNotFound(reader.status())) {
    return absl::NotFoundError(absl::StrCat("nothing is kept of what job ", output.id, " wrote"));
  }
  if (!reader.ok()) return reader.status();
  if (options.tail) RELOC_RETURN_IF_ERROR(reader->SkipToTail(*options.tail));
  on_open();
  return options.follow ? reader->Follow(to, output.job_runs) : reader->Copy(to);
}

// Returns the request for the child: the fields of an Output, which contain no NUL.
std::string Encode(const Output& output) {
  return absl::StrCat(output.dir, absl::string_view("\0", 1), output.id, absl::string_view("\0", 1),
                      output.job_runs ? "1" : "0", output.unknown.message());
}

Output Decode(const std::string& text) {
  const std::vector<std::string> fields = absl::StrSplit(text, '\0');
  const std::string& last = fields.back();
  absl::Status unknown = last.size() > 1 ? absl::NotFoundError(last.substr(1)) : absl::OkStatus();
  return {fields[0], fields[1], last[0] == '1', unknown};
}

// Refuses a sign: CLI11 would take -3 for a huge number. Returns what is wrong.
std::string CountOfLines(const std::string& text) {
  uint64_t count = 0;
  return absl::ascii_isdigit(static_cast<unsigned char>(text[0])) && absl::SimpleAtoi(text, &count)
             ? ""
             : absl::StrCat("'", text, "' is no number of lines");
}

absl::Status Logs(const LogsOptions& options) {
  // Before the daemon is asked, which starts threads.
  RELOC_ASSIGN_OR_RETURN(FileReader reader,
                         FileReader::Start([&](const std::string& what, int to, const auto& on_open) {
                           return Show(Decode(what), options, to, on_open);
                         }));
  RELOC_ASSIGN_OR_RETURN(Output output, FindOutput(options.job));
  const std::string name = output.dir.empty() ? kStateDirectory : output.dir;
  return reader.Read(Encode(output), name, options.follow);
}

}  // namespace

void AddLogsCommand(CLI::App& app, int* exit_status) {
  auto options = std::make_shared<LogsOptions>();
  CLI::App* logs = app.add_subcommand("logs", "Print what a detached job wrote");
  logs->add_option("JOB", options->job, "A job's id, the beginning of one, its name or its pid")->required();
  logs->add_flag("-f,--follow", options->follow, "Go on printing until the job has ended");
  logs->add_option("--tail", options->tail, "Begin with the last N lines")
      ->type_name("N")
      ->check(CountOfLines, "");
  logs->footer(
      "Examples:\n"
      "  relocctl logs build\n"
      "  relocctl logs -f --tail 20 build");
  logs->callback([options, exit_status] { *exit_status = ExitStatus(Logs(*options)); });
}

}  // namespace reloc
