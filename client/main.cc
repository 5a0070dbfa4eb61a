// relocctl: what users and scripts call.
//
// `run` comes first and alone: it becomes the program that it starts, and everything that the other commands
// need (CLI11, protobuf, gRPC) would be in its way.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "client/daemon_command.h"
#include "client/engines_command.h"
#include "client/events_command.h"
#include "client/history_command.h"
#include "client/pack_commands.h"
#include "client/ps_command.h"
#include "client/report.h"
#include "client/roots_command.h"
#include "client/run_command.h"
#include "client/version_command.h"
#include "reloc/engine/preloaded.h"

namespace {

int Complain(const std::string& what) {
  return reloc::ReportError(absl::InvalidArgumentError(what + "; see relocctl --help"));
}

int RunCommandLine(int argc, char** argv) {
  CLI::App app("Runs, watches and makes relocatable packs.", "relocctl");
  app.require_subcommand(1);
  app.add_subcommand("run", "Run a program of a pack, in place of relocctl");  // only for --help: see main
  int exit_status = 0;
  reloc::AddPackCommands(app, &exit_status);
  reloc::AddDaemonCommand(app, &exit_status);
  reloc::AddPsCommand(app, &exit_status);
  reloc::AddHistoryCommand(app, &exit_status);
  reloc::AddEventsCommand(app, &exit_status);
  reloc::AddRootsCommand(app, &exit_status);
  reloc::AddEnginesCommand(app, &exit_status);
  reloc::AddVersionCommand(app, &exit_status);
  auto named = [argv](const CLI::App* command) { return command->get_name() == argv[1]; };
  if (argc > 1 && argv[1][0] != '-' && app.get_subcommands(named).empty()) {
    return Complain(std::string("there is no command '") + argv[1] + "'");
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    // CLI11 also throws to have help printed.
    return error.get_exit_code() == 0 ? app.exit(error) : Complain(error.what());
  }
  return exit_status;
}

}  // namespace

// Entries of packs are launched from here, before the static constructors of gRPC and protobuf run: some 390,
// which cost more than a native start. glibc gives constructors the arguments of main; 101 is the first
// priority that is free (GCC manual, Common Function Attributes).
__attribute__((constructor(101))) static void LaunchEarly(int argc, char** argv, char** envp) {
  reloc::ExecuteWithoutPreload(argv, envp);
  if (argc < 2 || std::string_view(argv[1]) != "run") return;
  std::optional<int> status = reloc::RunEntry(argv + 1, envp);
  if (status) _exit(*status);
}

int main(int argc, char** argv, char** envp) {
  if (argc > 1 && std::string_view(argv[1]) == "run") return reloc::RunCommand(argv + 1, envp);
  return RunCommandLine(argc, argv);
}
