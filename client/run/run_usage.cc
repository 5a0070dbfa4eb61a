#include "client/run/run_usage.h"

#include "client/run/commands.h"
#include "reloc/cli/describe.h"

namespace reloc {
namespace {

constexpr char kDescription[] =
    "Run a program of a pack, in place of relocctl\n"
    "\n"
    "PROGRAM is an entry of a pack (pack/bin/sed), or any program inside a directory that holds gnu/store or "
    "nix/store. This process becomes the program: same pid, terminal, limits, descriptors; with --detach or "
    "--supervised it is one that goes on without this process, with the same limits and surroundings.";

constexpr char kFooter[] = R"(Examples:
  relocctl run pack/bin/sed -n 1p /etc/passwd
  relocctl run --engine fakechroot pack/bin/python3
  relocctl run --detach --name train pack/bin/python3 train.py
  relocctl run --supervised pack/bin/bash
  relocctl run unpacked/gnu/store/…-hello-2.12/bin/hello

Exit status: the program's own; 125 if relocctl failed, with one line that says why; 126 if the program cannot be executed, 127 if it is not there.)";

// add_flag() would take the text for a value to set.
void AddFlag(CLI::App* command, const std::string& names, const std::string& description) {
  command->add_flag_function(
      names, [](int64_t) {}, description);
}

}  // namespace

void AddRunCommand(CLI::App& app) {
  CLI::App* run = app.add_subcommand("run", kDescription);
  run->prefix_command();
  run->add_option("--engine", "How: an engine's name, or a chain (default, performance)")
      ->type_name("ENGINE");
  AddFlag(run, "-d,--detach",
          "Leave it running in the background and print its id; its output is kept. Starts a daemon if none "
          "runs");
  AddFlag(run, "--supervised",
          "Run it here, in a way that it goes on when the connection is lost, to be attached again");
  run->add_option("--name", "With these two: a name by which other commands find it")->type_name("NAME");
  AddFlag(run, "--pty", "With these two: a terminal of its own. Default: with --supervised on a terminal");
  AddFlag(run, "--no-pty", "With these two: none");
  run->add_option("--detach-keys", "The keys that leave a supervised program running. Default: ctrl-p,ctrl-q")
      ->type_name("KEYS");
  AddFlag(run, "--allow-escape", "Allow --detach and --supervised inside a Slurm job");
  run->add_option("PROGRAM", "An entry, or a program below a store; looked up in $PATH if it has no slash")
      ->required();
  run->add_option("ARG", "Its arguments")->expected(0, CLI::detail::expected_max_vector_size);
  run->footer(kFooter);
}

std::vector<std::string> RunOptionNames() {
  CLI::App app;
  AddRunCommand(app);
  std::vector<std::string> names;
  for (const CLI::Option* option : Options(*app.get_subcommand("run"))) {
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  }
  return names;
}

}  // namespace reloc
