#include "client/run_usage.h"

#include "reloc/cli/describe.h"

namespace reloc {
namespace {

constexpr char kDescription[] =
    "Run a program of a pack, in place of relocctl\n"
    "\n"
    "PROGRAM is an entry of a pack (pack/bin/sed), or any program inside a directory that holds gnu/store or "
    "nix/store. This process becomes the program: same pid, terminal, limits, descriptors. With --detach and "
    "--supervised it goes on without this process.";

constexpr char kFooter[] = R"(Examples:
  relocctl run pack/bin/sed -n 1p /etc/passwd
  relocctl run --engine fakechroot pack/bin/python3
  relocctl run --detach --name train pack/bin/python3 train.py
  relocctl run --supervised pack/bin/bash
  relocctl run unpacked/gnu/store/…-hello-2.12/bin/hello

Exit status: the program's own; 125 if relocctl failed, with one line that says why; 126 if the program cannot be executed, 127 if it is not there.)";

// CLI11 takes literals for flag's values.
void AddFlag(CLI::App* run, const char* names, const std::string& description) {
  run->add_flag(names, description);
}

}  // namespace

void AddRunCommand(CLI::App& app) {
  CLI::App* run = app.add_subcommand("run", kDescription);
  run->prefix_command();
  run->add_option("--engine", "How: an engine's name, or a chain (default, performance)")
      ->type_name("ENGINE");
  AddFlag(run, "-d,--detach", "Leave it running, and print its id; its output is kept. Needs a daemon");
  AddFlag(run, "--supervised", "Run it here, so that it can be left and attached to again; it survives a lost connection");
  run->add_option("--name", "With these two: what other commands may call it")->type_name("NAME");
  AddFlag(run, "--pty", "With these two: give it a terminal of its own. Default: --supervised does if it has one");
  AddFlag(run, "--no-pty", "With these two: give it none");
  run->add_option("--detach-keys", "With --supervised: the keys that leave it running")
      ->type_name("KEYS")
      ->default_str("ctrl-p,ctrl-q");
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
