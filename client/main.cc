// relocctl: what users and scripts call.
//
// `run` comes first and alone: it becomes the program that it starts, and everything that the other commands need
// (CLI11, protobuf, gRPC) would be in its way.
#include <string_view>

#include <CLI/CLI.hpp>

#include "client/daemon_command.h"
#include "client/pack_commands.h"
#include "client/ps_command.h"
#include "client/roots_command.h"
#include "client/run_command.h"
#include "client/version_command.h"

namespace {

int RunCommandLine(int argc, char** argv) {
  CLI::App app("Runs, watches and makes relocatable packs.", "relocctl");
  app.require_subcommand(1);
  app.footer("`relocctl run PROGRAM [ARG...]` starts a program of a pack: see relocctl run --help");
  int exit_status = 0;
  reloc::AddPackCommands(app, &exit_status);
  reloc::AddDaemonCommand(app, &exit_status);
  reloc::AddPsCommand(app, &exit_status);
  reloc::AddRootsCommand(app, &exit_status);
  reloc::AddVersionCommand(app, &exit_status);
  CLI11_PARSE(app, argc, argv);
  return exit_status;
}

}  // namespace

int main(int argc, char** argv, char** envp) {
  if (argc > 1 && std::string_view(argv[1]) == "run") return reloc::RunCommand(argv + 1, envp);
  return RunCommandLine(argc, argv);
}
