#include "bench/workloads/workloads.h"

#include <stdio.h>

#include <filesystem>
#include <fstream>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "bench/launching/packs.h"
#include "reloc/base/path.h"
#include "reloc/hosted/status.h"
#include "reloc/pack/manifest.h"

namespace reloc::bench {
namespace {

namespace fs = std::filesystem;

constexpr Targets kSteady = {1.03, 1.00};

// Works like ./configure: a thousand children, some in substitutions and pipes.
constexpr char kShellScript[] = R"sh(i=0
while [ $i -lt 200 ]; do
  i=$(expr $i + 1)
  echo "checking for header $i.h" | sed 's/checking/checked/' >/dev/null
  cat /dev/null
  uname >/dev/null
  test "$(basename /a/b)" = b || exit 1
done
)sh";
constexpr char kImports[] =
    "import argparse, asyncio, ctypes, decimal, http.client, json, logging, sqlite3, subprocess, tempfile, "
    "unittest, xml.etree.ElementTree";

// Returns the directories, as store paths, of all programs of the pack around `entry`: a $PATH.
absl::StatusOr<std::string> StoreSearchPath(const std::string& entry) {
  RELOC_ASSIGN_OR_RETURN(pb::Manifest manifest, LoadManifest(fs::path(entry).parent_path().parent_path()));
  std::vector<std::string> directories;
  for (const auto& each : manifest.entries()) directories.emplace_back(DirName(each.resolved()));
  return absl::StrJoin(directories, ":");
}

Workload Start(const std::string& entry) {
  return Workload{.id = "launch",
                  .description = "true",
                  .rounds = 20,
                  .native = {FindProgram("true")},
                  .packed = {fs::path(entry).parent_path() / "true"},
                  .native_environment = {},
                  .packed_environment = {},
                  .userns = {1.35, 1.20},
                  .fakechroot = {1.8, 1.45},
                  .graft = {1.25, 1.10}};
}

absl::StatusOr<Workload> Files(const Workspace& workspace) {
  const std::string program = fs::path(workspace.probe()).parent_path() / "open_read_close";
  RELOC_ASSIGN_OR_RETURN(std::string entry, PackHostPrograms(workspace, "files", {program}));
  return Workload{.id = "files",
                  .description = "20,000 x open, read, close",
                  .rounds = 1,
                  .native = {program, "20000"},
                  .packed = {entry, "20000"},
                  .native_environment = {},
                  .packed_environment = {},
                  .userns = kSteady,
                  .fakechroot = {1.6, 1.3}};
}

absl::StatusOr<Workload> Shell(const Workspace& workspace, const std::string& bash) {
  const std::string script = workspace.Path("configure.sh");
  std::ofstream file(script);
  file << kShellScript << std::flush;
  if (!file.good()) return absl::UnavailableError(absl::StrCat("cannot write ", script));
  RELOC_ASSIGN_OR_RETURN(std::string search_path, StoreSearchPath(bash));
  return Workload{.id = "shell",
                  .description = "a shell script with 1,000 children",
                  .rounds = 0.5,
                  .native = {FindProgram("bash"), script},
                  .packed = {bash, script},
                  .native_environment = {},
                  .packed_environment = {{"PATH", search_path}},
                  .userns = kSteady,
                  .fakechroot = {2.5, 1.6}};
}

}  // namespace

absl::StatusOr<Workload> Imports(const Workspace& workspace, const std::string& python) {
  const fs::path program = fs::canonical(python);  // python3.11
  const fs::path library = fs::path("/usr/lib") / program.filename();
  RELOC_ASSIGN_OR_RETURN(std::string entry,
                         PackHostPrograms(workspace, "python", {program}, {library.string()}));
  // <pack>/lib/python3.11 leads into the store.
  const fs::path pack = fs::path(entry).parent_path().parent_path();
  std::error_code error;
  const fs::path packed = fs::canonical(pack / "lib" / program.filename(), error);
  if (error) return absl::UnavailableError(absl::StrCat("no library in ", pack.string()));
  const std::string home(absl::StripPrefix(packed.parent_path().parent_path().native(), pack.native()));
  return Workload{.id = "python",
                  .description = "python3 -c 'import (12 modules)'",
                  .rounds = 1,
                  .native = {program, "-c", kImports},
                  .packed = {entry, "-c", kImports},
                  .native_environment = {{"PYTHONHOME", "/usr"}},
                  .packed_environment = {{"PYTHONHOME", home}},
                  .userns = kSteady,
                  .fakechroot = {}};
}

absl::StatusOr<std::vector<Workload>> MakeWorkloads(const Workspace& workspace) {
  std::vector<std::string> tools;
  for (const char* name : {"bash", "true", "expr", "sed", "cat", "uname", "basename"}) {
    tools.push_back(FindProgram(name));
    if (tools.back().empty()) return absl::NotFoundError(absl::StrCat(name, ": no such program"));
  }
  RELOC_ASSIGN_OR_RETURN(std::string bash, PackHostPrograms(workspace, "tools", tools));
  RELOC_ASSIGN_OR_RETURN(Workload files, Files(workspace));
  RELOC_ASSIGN_OR_RETURN(Workload shell, Shell(workspace, bash));
  std::vector<Workload> workloads = {Start(bash), std::move(files), std::move(shell)};
  const std::string python = FindProgram("python3");
  if (python.empty()) {
    fprintf(stderr, "bench: python3 is not installed: left out\n");
    return workloads;
  }
  RELOC_ASSIGN_OR_RETURN(Workload imports, Imports(workspace, python));
  workloads.push_back(std::move(imports));
  return workloads;
}

}  // namespace reloc::bench
