#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "client/base/control_client.h"
#include "client/base/job_ref.h"
#include "client/base/report.h"
#include "client/base/signal_name.h"
#include "client/steer/commands.h"
#include "reloc/hosted/status.h"
#include "reloc/hosted/text.h"

namespace reloc {
namespace {

struct KillOptions {
  std::string signal = "TERM";
  std::vector<std::string> jobs;
};

absl::Status KillOne(const ControlClient& client, const std::string& ref, int signal) {
  RELOC_ASSIGN_OR_RETURN(relocd::v1::Job job, FindJob(client, ref));
  RELOC_ASSIGN_OR_RETURN(relocd::v1::KillResponse killed, KillJob(client, job.id(), signal));
  if (killed.refused() > 0) {
    return absl::PermissionDeniedError(
        absl::StrCat("job ", job.id(), ": ", killed.refused(), " of its processes belong to another user"));
  }
  if (killed.signalled() == 0) {
    return absl::FailedPreconditionError(absl::StrCat("job ", job.id(), " (", job.name(), ") has ended"));
  }
  PrintOut(OneLine(job.id()) + "\n");
  return absl::OkStatus();
}

absl::Status Kill(const KillOptions& options, int* exit_status) {
  RELOC_ASSIGN_OR_RETURN(int signal, ParseSignal(options.signal));
  RELOC_ASSIGN_OR_RETURN(auto client, ControlClient::Connect());
  for (const std::string& ref : options.jobs) {
    if (absl::Status killed = KillOne(*client, ref, signal); !killed.ok()) *exit_status = ExitStatus(killed);
  }
  return FlushOut();
}

}  // namespace

void AddKillCommand(CLI::App& app, int* exit_status) {
  auto options = std::make_shared<KillOptions>();
  CLI::App* kill = app.add_subcommand("kill", "Send a signal to all processes of jobs");
  kill->add_option("-s,--signal", options->signal, "The signal: TERM, SIGTERM or 15")
      ->type_name("SIGNAL")
      ->capture_default_str();
  kill->add_option("JOB", options->jobs, "Ids, names or pids")->required();
  kill->footer(
      "All processes of a job are meant, daemons that it left behind too. Under the engine proot its first "
      "process, which passes signals on, is spared. Signal 0 only asks whether there is any process.\n"
      "\n"
      "Examples:\n"
      "  relocctl kill sed\n"
      "  relocctl kill -s HUP 4rk 7831");
  kill->callback([options, exit_status] {
    *exit_status = RunInParts([&](int* status) { return Kill(*options, status); });
  });
}

}  // namespace reloc
