#include "client/run/placed_run.h"

#include <stdio.h>
#include <unistd.h>

#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client/base/answering.h"
#include "client/base/daemon_process.h"
#include "client/run/attachment.h"
#include "reloc/base/env.h"
#include "reloc/base/file.h"
#include "reloc/cli/output.h"
#include "reloc/fault/fault.h"
#include "reloc/hosted/status.h"
#include "reloc/hosted/text.h"
#include "reloc/job/job_launcher.h"
#include "reloc/launch/launcher.h"

namespace reloc {
namespace {

string_view View(const absl::Status& status) { return {status.message().data(), status.message().size()}; }

// Refuses to let a job of a batch system escape from its accounting and its limits.
absl::Status CheckPlace(const RunOptions& options, const char* const* envp) {
  string_view slurm_job = EnvValue(envp, "SLURM_JOB_ID");
  if (slurm_job.empty() || options.allow_escape) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat("this is Slurm job ", OneLine(Text(slurm_job)), ", and ",
                   options.placement == RunPlacement::kDetached ? "--detach" : "--supervised",
                   " would leave work behind when it ends; run the program without, or add --allow-escape"));
}

PtyUse ChoosePty(const RunOptions& options) {
  if (options.pty) return PtyUse::kForAll;
  bool on_terminal = options.placement == RunPlacement::kSupervised && ::isatty(0) && ::isatty(1);
  return on_terminal && !options.no_pty ? PtyUse::kForTerminals : PtyUse::kNone;
}

// Reserves a job. A detached one needs a daemon: if there is none, one is started.
absl::StatusOr<Reservation> ReserveWithDaemon(const RunOptions& options, const char* const* envp) {
  const std::string name(options.name);
  absl::StatusOr<Reservation> reservation = ReserveJob(envp, name);
  const bool starts = options.placement == RunPlacement::kDetached && EnvValue(envp, "RELOC_DAEMON") != "off";
  if (!starts || !absl::IsNotFound(reservation.status())) return reservation;
  RELOC_RETURN_IF_ERROR(EnsureDaemon({}));
  return ReserveJob(envp, name);
}

// Returns the reservation of a job; none if it can do without a daemon and there is none.
absl::StatusOr<std::optional<Reservation>> Reserve(const RunOptions& options, const char* const* envp,
                                                   const LaunchLog& log) {
  absl::StatusOr<Reservation> reservation = ReserveWithDaemon(options, envp);
  if (reservation.ok() && !reservation->warning.empty())
    PrintError("relocctl: warning", reservation->warning);
  if (reservation.ok()) return std::optional<Reservation>(*std::move(reservation));
  bool refused = absl::IsFailedPrecondition(reservation.status());
  if (refused || options.placement == RunPlacement::kDetached) return reservation.status();
  log.Debug(absl::StrCat("not known to a daemon: ", reservation.status().message()));
  return std::optional<Reservation>();
}

int FinishDetached(const Left& left, const std::string& id, const LaunchLog& log) {
  if (left.how == Leave::kLaunched) {
    Errno written = WriteAll(STDOUT_FILENO, id + "\n");
    if (!written.ok()) log.Error(absl::StrCat("cannot write the id of the job: it is ", id));
    return written.ok() ? 0 : kExitFailed;
  }
  return FinishAttachment(left, id, log);
}

}  // namespace

int RunPlaced(const RunOptions& options, const char* const* envp, const LaunchLog& log, JobLaunch launch) {
  absl::Status ready = fault::SwitchOnFromEnvironment();
  if (ready.ok()) ready = CheckPlace(options, envp);
  if (!ready.ok()) {
    log.Error(View(ready));
    return kExitFailed;
  }
  absl::StatusOr<std::optional<Reservation>> reservation = Reserve(options, envp, log);
  if (!reservation.ok()) {
    log.Error(View(reservation.status()));
    return kExitFailed;
  }
  if (reservation->has_value()) {
    // The launcher will open it. If that hung, no error could be shown.
    if (absl::Status answers = CheckAnswers((*reservation)->output_dir); !answers.ok()) {
      log.Error(View(answers));
      return kExitFailed;
    }
  }
  CallerSignals signals;
  Terminal terminal(FindTerminal());
  const bool detached = options.placement == RunPlacement::kDetached;
  LauncherRequest request{.detached = detached,
                          .pty = ChoosePty(options),
                          .reservation = reservation->has_value() ? &**reservation : nullptr,
                          .signals = &signals,
                          .terminal = &terminal,
                          .debug = log.debug(),
                          .launch = std::move(launch)};
  absl::StatusOr<UniqueFd> socket = StartLauncher(request);
  if (!socket.ok()) {
    log.Error(View(socket.status()));
    return kExitFailed;
  }
  AttachSession session(*std::move(socket),
                        detached ? AttachSession::Role::kLauncher : AttachSession::Role::kOwner, &terminal,
                        !detached && request.pty != PtyUse::kNone,
                        *DetachKeys::Parse(reservation->has_value() ? options.detach_keys : ""));
  Left left = session.Run();
  std::string id = reservation->has_value() ? (*reservation)->id : "";
  return detached ? FinishDetached(left, id, log) : FinishAttachment(left, id, log);
}

}  // namespace reloc
