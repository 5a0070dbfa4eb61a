#include "client/overview.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <string>
#include <vector>

namespace reloc {
namespace {

struct Group {
  const char* title;
  std::vector<std::string> commands;
};

const std::vector<Group>& Groups() {
  static const auto* groups = new std::vector<Group>{
      {"Run", {"run", "attach"}},
      {"Watch", {"ps", "top", "stats", "inspect", "logs", "events", "history"}},
      {"Steer", {"kill", "wait"}},
      {"Packs", {"pack", "mirrors", "roots"}},
      {"Host", {"daemon", "engines", "doctor", "metrics", "completion", "version"}},
  };
  return *groups;
}

constexpr char kDescription[] =
    "Runs, watches and makes relocatable packs: programs of Guix, Nix or this host that run from any "
    "directory, "
    "without root.\n"
    "\n"
    "Start with:\n"
    "  relocctl pack create -o pack --from-host sed    make a pack\n"
    "  relocctl run pack/bin/sed --version             run a program of it\n"
    "  relocctl daemon start                           have programs start faster, and watched";

constexpr char kFooter[] =
    "`relocctl COMMAND --help` tells more, with examples.\n"
    "\n"
    "Exit status: 0 done, 1 the answer is no, 125 wrong usage; run and attach: the program's, or 125, 126, "
    "127.";

}  // namespace

void AddOverview(CLI::App& app) {
  app.description(kDescription);
  app.footer(kFooter);
  for (CLI::App* command : app.get_subcommands({})) {
    for (const Group& group : Groups()) {
      const std::vector<std::string>& names = group.commands;
      if (std::find(names.begin(), names.end(), command->get_name()) != names.end())
        command->group(group.title);
    }
  }
}

}  // namespace reloc
