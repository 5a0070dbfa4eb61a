#include <stdlib.h>

#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client/base/control_client.h"
#include "client/base/job_record.h"
#include "client/base/job_ref.h"
#include "client/base/report.h"
#include "client/run/attachment.h"
#include "client/run/commands.h"
#include "reloc/hosted/status.h"
#include "reloc/job/attach_socket.h"
#include "reloc/job/caller_signals.h"
#include "reloc/job/job_files.h"
#include "reloc/launch/launcher.h"

namespace reloc {
namespace {

struct AttachOptions {
  std::string job;
  std::string keys = kDefaultDetachKeys;
};

absl::Status HasEnded(const relocd::v1::Job& job) {
  return absl::FailedPreconditionError(absl::StrCat("job ", job.id(), " has ended at ",
                                                    TimeText(job.ended_at()), " (", JobStateText(job),
                                                    "); its output: relocctl logs ", job.id()));
}

absl::StatusOr<UniqueFd> Connect(const AttachOptions& options, std::string* id) {
  RELOC_ASSIGN_OR_RETURN(auto client, ControlClient::Connect());
  RELOC_ASSIGN_OR_RETURN(std::string dir, ChosenDaemonDir());
  absl::StatusOr<relocd::v1::Job> job = FindJob(*client, options.job);
  if (absl::IsNotFound(job.status()) && IsJobId(options.job)) {
    // A daemon that does not know the job may have lost its journal; its launcher serves all the same.
    *id = options.job;
    absl::StatusOr<UniqueFd> launcher = ConnectToLauncher(dir, *id);
    return launcher.ok() ? std::move(launcher) : job.status();
  }
  if (!job.ok()) return job.status();
  if (job->placement() != "daemon") {
    return absl::FailedPreconditionError(absl::StrCat(
        "job ", job->id(), " was started without --detach or --supervised: it has its caller's terminal"));
  }
  if (job->state() != relocd::v1::Job::STATE_RUNNING) return HasEnded(*job);
  *id = job->id();
  return ConnectToLauncher(dir, *id);
}

// The same as for `run`: the job's own exit status may be 1.
int Fail(const absl::Status& why) {
  ReportError(why);
  return kExitFailed;
}

int Attach(const AttachOptions& options) {
  absl::StatusOr<DetachKeys> keys = DetachKeys::Parse(options.keys);
  if (!keys.ok()) return Fail(keys.status());
  // Before gRPC makes threads: a signal that one of them does not block would be delivered there.
  CallerSignals signals;
  std::string id;
  absl::StatusOr<UniqueFd> socket = Connect(options, &id);
  if (!socket.ok()) return Fail(socket.status());
  Terminal terminal(FindTerminal());
  AttachSession session(*std::move(socket), AttachSession::Role::kGuest, &terminal, false, *std::move(keys));
  const char* debug = ::getenv("RELOC_DEBUG");
  return FinishAttachment(session.Run(), id,
                          LaunchLog("relocctl", debug != nullptr && std::string_view(debug) == "1"));
}

}  // namespace

void AddAttachCommand(CLI::App& app, int* exit_status) {
  auto options = std::make_shared<AttachOptions>();
  CLI::App* attach =
      app.add_subcommand("attach", "Show what a detached job writes, and type into its terminal");
  attach->add_option("JOB", options->job, "Its id or the beginning of it, its name or its pid")->required();
  attach->add_option("--detach-keys", options->keys, "The keys that leave it running")
      ->type_name("KEYS")
      ->capture_default_str();
  attach->footer(
      "Examples:\n"
      "  relocctl attach train\n"
      "  relocctl attach --detach-keys '~,.' 7f3k\n"
      "\n"
      "It ends with the job's exit status. A job without a terminal of its own shows its output alone.");
  attach->callback([options, exit_status] { *exit_status = Attach(*options); });
}

}  // namespace reloc
