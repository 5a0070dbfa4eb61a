#include "bench/slow/loads.h"

#include <stdio.h>

#include <algorithm>
#include <filesystem>

#include "absl/strings/str_cat.h"
#include "bench/launching/packs.h"
#include "bench/launching/process.h"
#include "bench/slow/many_libraries.h"
#include "bench/workloads/workloads.h"
#include "reloc/hosted/files.h"
#include "reloc/hosted/status.h"

namespace reloc::bench {
namespace {

namespace fs = std::filesystem;

constexpr char kRepository[] = R"sh(
git init --quiet "$1"
cd "$1"
for directory in 1 2 3 4 5 6 7 8 9; do
  mkdir $directory
  for file in 1 2 3 4 5 6 7 8 9; do echo $file > $directory/$file; done
done
git add .
git -c user.name=bench -c user.email=bench@localhost commit --quiet --message=files
)sh";

absl::StatusOr<Load> Python(const Workspace& workspace) {
  const std::string python = FindProgram("python3");
  if (python.empty()) return absl::NotFoundError("python3 is not installed");
  RELOC_ASSIGN_OR_RETURN(Workload imports, Imports(workspace, python));
  const fs::path library = fs::path("/usr/lib") / fs::path(imports.native[0]).filename();
  return Load{.id = "python",
              .description = imports.description,
              .packing = {"--from-host", imports.native[0], "--add", library},
              .entry = imports.packed[0],
              .arguments = {imports.packed.begin() + 1, imports.packed.end()},
              .environment = imports.packed_environment};
}

absl::StatusOr<Load> Git(const Workspace& workspace) {
  const std::string git = FindProgram("git");
  if (git.empty()) return absl::NotFoundError("git is not installed");
  const std::string repository = workspace.Path("repository");
  RELOC_ASSIGN_OR_RETURN(Captured made, Capture(Command({"/bin/sh", "-euc", kRepository, "sh", repository},
                                                        workspace.BaseEnvironment())));
  if (!made.succeeded()) return absl::UnavailableError(absl::StrCat("git: ", ErrorOf(made)));
  RELOC_ASSIGN_OR_RETURN(std::string entry, PackHostPrograms(workspace, "git", {git}));
  return Load{.id = "git",
              .description = "git status, in a repository on the local disk",
              .packing = {"--from-host", git},
              .entry = entry,
              .arguments = {"-C", repository, "status"},
              .environment = {}};
}

absl::StatusOr<Load> Libraries(const Workspace& workspace) {
  RELOC_ASSIGN_OR_RETURN(std::vector<std::string> packing, MakeManyLibraries(workspace));
  const std::string pack = workspace.Path("libraries");
  RELOC_RETURN_IF_ERROR(CreatePack(workspace, pack, packing));
  return Load{.id = "libraries",
              .description = absl::StrCat("a program with ", kLibraries, " libraries in ",
                                          kLibraryDirectories, " directories"),
              .packing = packing,
              .entry = pack + "/bin/many",
              .arguments = {},
              .environment = {}};
}

// Moves the pack to a place where the names above it cost the least.
absl::StatusOr<Load> Make(const Workspace& workspace, const std::string& directory, const std::string& id) {
  RELOC_ASSIGN_OR_RETURN(Load load, id == "python" ? Python(workspace)
                                    : id == "git"  ? Git(workspace)
                                                   : Libraries(workspace));
  const fs::path from = fs::path(load.entry).parent_path().parent_path(), to = fs::path(directory) / id;
  RELOC_RETURN_IF_ERROR(RenameNew(from, to));
  load.entry = to / "bin" / fs::path(load.entry).filename();
  return load;
}

}  // namespace

absl::StatusOr<std::vector<Load>> MakeLoads(const Workspace& workspace, const std::string& directory,
                                            const std::vector<std::string>& ids) {
  std::vector<Load> loads;
  for (const std::string& id : ids) {
    absl::StatusOr<Load> load = Make(workspace, directory, id);
    if (load.ok()) {
      loads.push_back(*std::move(load));
    } else if (absl::IsNotFound(load.status())) {
      fprintf(stderr, "bench: %s: left out\n", std::string(load.status().message()).c_str());
    } else {
      return load.status();
    }
  }
  return loads;
}

}  // namespace reloc::bench
