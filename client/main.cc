// The full relocctl, executed by its front (front/), which handles what is quick.
//
// `run` comes first: it becomes the program that it starts, and needs nothing of the other commands.
#include <CLI/CLI.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "client/base/report.h"
#include "client/host/commands.h"
#include "client/overview.h"
#include "client/packs/commands.h"
#include "client/run/commands.h"
#include "client/run/run.h"
#include "client/run/run_usage.h"
#include "client/steer/commands.h"
#include "client/watch/commands.h"
#include "client/watch/list_jobs_helper.h"
#include "reloc/cli/help.h"
#include "reloc/cli/manual.h"
#include "reloc/cli/mistake.h"
#include "reloc/engine/preloaded.h"
#include "reloc/fault/fault.h"

namespace {

int RunCommandLine(int argc, char** argv) {
  if (absl::Status bad = reloc::fault::SwitchOnFromEnvironment(); !bad.ok()) return reloc::ReportError(bad);
  CLI::App app("", "relocctl");
  reloc::UseHelp(&app);
  app.require_subcommand(1);
  int exit_status = 0;
  reloc::AddRunCommand(app);
  reloc::AddPsCommand(app, &exit_status);
  reloc::AddTopCommand(app, &exit_status);
  reloc::AddStatsCommand(app, &exit_status);
  reloc::AddInspectCommand(app, &exit_status);
  reloc::AddKillCommand(app, &exit_status);
  reloc::AddWaitCommand(app, &exit_status);
  reloc::AddAttachCommand(app, &exit_status);
  reloc::AddLogsCommand(app, &exit_status);
  reloc::AddHistoryCommand(app, &exit_status);
  reloc::AddEventsCommand(app, &exit_status);
  reloc::AddPackCommands(app, &exit_status);
  reloc::AddMirrorsCommand(app, &exit_status);
  reloc::AddRootsCommand(app, &exit_status);
  reloc::AddDaemonCommand(app, &exit_status);
  reloc::AddMetricsCommand(app, &exit_status);
  reloc::AddEnginesCommand(app, &exit_status);
  reloc::AddDoctorCommand(app, &exit_status);
  reloc::AddCompletionCommand(app, &exit_status);
  reloc::AddVersionCommand(app, &exit_status);
  reloc::AddOverview(app);
  if (std::optional<int> status = reloc::AnswerManual(app, argc, argv)) return *status;
  if (argc > 1 && std::string_view(argv[1]) == "__complete") {
    return reloc::PrintCompletion(app, {argv + 2, argv + argc});
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    reloc::PrintOut(app.help());
    return reloc::FinishOutput(0);
  } catch (const CLI::CallForVersion& version) {
    reloc::PrintOut(std::string(version.what()) + "\n");
    return reloc::FinishOutput(0);
  } catch (const CLI::ParseError& error) {
    return reloc::ReportMistake(reloc::DescribeMistake(app, error));
  }
  return exit_status;
}

}  // namespace

int main(int argc, char** argv, char** envp) {
  reloc::ExecuteWithoutPreload(argv, envp);
  if (argc > 1 && std::string_view(argv[1]) == "run") {
    if (std::optional<int> status = reloc::RunCommand(argv + 1, envp)) return *status;
  }
  if (argc > 1 && std::string_view(argv[1]) == reloc::kListJobsHelper)
    return reloc::ListJobsForRoot(argc, argv);
  return RunCommandLine(argc, argv);
}
