#include "client/run_usage.h"

#include "reloc/cli/describe.h"

namespace reloc {
namespace {

constexpr char kDescription[] =
    "Run a program of a pack, in place of relocctl\n"
    "\n"
    "PROGRAM is an entry of a pack (pack/bin/sed), or any program inside a directory that holds gnu/store or "
    "nix/store. This process becomes the program: same pid, terminal, limits, descriptors.";

constexpr char kFooter[] = R"(Examples:
  relocctl run pack/bin/sed -n 1p /etc/passwd
  relocctl run --engine fakechroot pack/bin/python3
  relocctl run unpacked/gnu/store/…-hello-2.12/bin/hello

Exit status: the program's own; 125 if relocctl failed, with one line that says why; 126 if the program cannot be executed, 127 if it is not there.)";

}  // namespace

void AddRunCommand(CLI::App& app) {
  CLI::App* run = app.add_subcommand("run", kDescription);
  run->prefix_command();
  run->add_option("--engine", "How: an engine's name, or a chain (default, performance)")
      ->type_name("ENGINE");
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
