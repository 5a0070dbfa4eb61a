#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "client/base/control_client.h"
#include "client/base/daemon_process.h"
#include "client/base/format.h"
#include "client/base/report.h"
#include "client/host/commands.h"
#include "reloc/hosted/status.h"
#include "reloc/hosted/text.h"

namespace reloc {
namespace {

constexpr int kNotRunning = 3;

using Arguments = std::shared_ptr<std::vector<std::string>>;

absl::Status Start(const std::vector<std::string>& arguments) {
  RELOC_ASSIGN_OR_RETURN(relocd::v1::DaemonStatus status, StartDaemon(arguments));
  PrintOut(absl::StrCat("relocd runs in ", OneLine(status.dir()), ", pid ", status.pid(), "\n"));
  return FlushOut();
}

absl::Status Stop() {
  RELOC_ASSIGN_OR_RETURN(bool ran, StopDaemon());
  PrintOut(ran ? "relocd stopped\n" : "relocd is not running\n");
  return FlushOut();
}

absl::Status Restart(const std::vector<std::string>& arguments) {
  RELOC_RETURN_IF_ERROR(StopDaemon().status());
  return Start(arguments);
}

Record StatusRecord(const relocd::v1::DaemonStatus& status) {
  return {
      {"running", JsonBool(true)},
      {"version", JsonText(status.version())},
      {"pid", JsonNumber(status.pid())},
      {"dir", JsonText(status.dir())},
      {"started_at", JsonTime(status.started_at())},
      {"jobs", JsonNumber(status.jobs())},
      {"roots", JsonNumber(status.roots())},
      {"roots_limit", JsonNumber(status.roots_limit())},
      {"roots_error", status.roots_error().empty() ? JsonNull() : JsonText(status.roots_error())},
  };
}

std::string StatusText(const relocd::v1::DaemonStatus& status) {
  std::string roots = status.roots_error().empty()
                          ? absl::StrCat(status.roots(), " of at most ", status.roots_limit())
                          : absl::StrCat("none: ", status.roots_error());
  return absl::StrCat("relocd ", status.version(), " runs\n",
                      Table({{"Process:", absl::StrCat(status.pid())},
                             {"Directory:", status.dir()},
                             {"Jobs:", absl::StrCat(status.jobs())},
                             {"Roots:", roots}}));
}

int Status(const std::string& format) {
  absl::StatusOr<std::unique_ptr<ControlClient>> client = ControlClient::Connect();
  if (absl::IsNotFound(client.status())) {
    absl::StatusOr<std::string> dir = ChosenDaemonDir();
    absl::Status held = dir.ok() ? CheckLockOf(*dir) : dir.status();
    if (!held.ok()) return ExitStatus(held);
    PrintOut(format == "json" ? "{\"running\": false}\n" : "relocd is not running\n");
    absl::Status flushed = FlushOut();
    return flushed.ok() ? kNotRunning : ExitStatus(flushed);
  }
  if (!client.ok()) return ExitStatus(client.status());
  absl::StatusOr<relocd::v1::DaemonStatus> status = (*client)->GetStatus();
  if (!status.ok()) return ExitStatus(status.status());
  PrintOut(format == "json" ? ToJson(StatusRecord(*status)) + "\n" : StatusText(*status));
  return ExitStatus(FlushOut());
}

// Adds relocd's own options, which relocd checks itself.
Arguments AddDaemonOptions(CLI::App* command) {
  auto arguments = std::make_shared<std::vector<std::string>>();
  for (auto [name, help] : {std::pair{"--config", "Read options from this file"},
                            {"--idle-exit", "Stop after this time without jobs and clients (10m)"},
                            {"--max-roots", "How many roots to keep"},
                            {"--log-level", "debug, info, warning, error or off"},
                            {"--log-file", "Append the log to this file"}}) {
    command->add_option_function<std::string>(
        name,
        [arguments, name = std::string(name)](const std::string& value) {
          arguments->push_back(absl::StrCat(name, "=", value));
        },
        help);
  }
  return arguments;
}

void AddStart(CLI::App* daemon, int* exit_status) {
  CLI::App* start = daemon->add_subcommand("start", "Start relocd, unless it runs");
  Arguments arguments = AddDaemonOptions(start);
  auto quiet = std::make_shared<bool>(false);
  start->add_flag("-q,--quiet", *quiet, "Say nothing but errors: for a shell's profile");
  start->callback([arguments, quiet, exit_status] {
    *exit_status = ExitStatus(*quiet ? EnsureDaemon(*arguments) : Start(*arguments));
  });
  start->footer(
      "Examples:\n"
      "  relocctl daemon start\n"
      "  relocctl daemon start -q --idle-exit 1h    in a shell's profile");
}

void AddRestart(CLI::App* daemon, int* exit_status) {
  CLI::App* restart = daemon->add_subcommand("restart", "Stop relocd and start it; jobs go on");
  Arguments arguments = AddDaemonOptions(restart);
  restart->footer("Examples:\n  relocctl daemon restart");
  restart->callback([arguments, exit_status] { *exit_status = ExitStatus(Restart(*arguments)); });
}

}  // namespace

void AddDaemonCommand(CLI::App& app, int* exit_status) {
  CLI::App* daemon = app.add_subcommand("daemon", "Start, stop and look at your relocd");
  daemon->require_subcommand(1);
  AddStart(daemon, exit_status);
  AddRestart(daemon, exit_status);
  CLI::App* stop = daemon->add_subcommand("stop", "Stop relocd; jobs go on");
  stop->footer("Examples:\n  relocctl daemon stop");
  stop->callback([exit_status] { *exit_status = ExitStatus(Stop()); });
  auto format = std::make_shared<std::string>();
  CLI::App* status = daemon->add_subcommand("status", "Tell whether relocd runs; exit status 3 if not");
  AddFormatOption(status, format.get());
  status->footer(
      "Examples:\n"
      "  relocctl daemon status\n"
      "  relocctl daemon status --format json | jq .pid");
  status->callback([format, exit_status] { *exit_status = Status(*format); });
}

}  // namespace reloc
