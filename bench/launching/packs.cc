#include "bench/launching/packs.h"

#include <filesystem>
#include <fstream>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "bench/launching/process.h"
#include "reloc/hosted/status.h"

namespace reloc::bench {
namespace {

namespace fs = std::filesystem;

constexpr char kStorePrefix[] = "/relocd-benchmark/store";

// Names of store items begin with 32 characters of nix-base32, which includes decimal digits.
std::string ItemName(int number) {
  return number == 0 ? absl::StrFormat("%032d-probe", 0) : absl::StrFormat("%032d-data", number);
}

void WriteFile(const fs::path& path, const std::string& text) {
  std::ofstream file;
  file.exceptions(std::ios::failbit | std::ios::badbit);
  file.open(path);
  file << text << std::flush;
}

// Writes a store to `store`: the probe, and `items` - 1 items that it refers to.
void WriteStore(const fs::path& store, const fs::path& probe, int items) {
  fs::path item = store / ItemName(0);
  fs::create_directories(item / "bin");
  fs::copy_file(probe, item / "bin/probe");
  std::string references;
  for (int i = 1; i < items; ++i) {
    fs::create_directory(store / ItemName(i));
    WriteFile(store / ItemName(i) / "data", absl::StrCat(i));
    absl::StrAppend(&references, kStorePrefix, "/", ItemName(i), "\n");
  }
  WriteFile(item / "references", references);
}

}  // namespace

absl::Status CreatePack(const Workspace& workspace, const std::string& output,
                        const std::vector<std::string>& arguments) {
  std::vector<std::string> command = {workspace.Program("relocctl"), "pack", "create", "--output", output};
  command.insert(command.end(), arguments.begin(), arguments.end());
  RELOC_ASSIGN_OR_RETURN(Captured created, Capture(Command(command, workspace.BaseEnvironment())));
  if (created.succeeded()) return absl::OkStatus();
  return absl::InternalError(absl::StrCat("relocctl pack create: ", ErrorOf(created)));
}

absl::StatusOr<std::string> PackHostPrograms(const Workspace& workspace, const std::string& name,
                                             const std::vector<std::string>& programs,
                                             const std::vector<std::string>& data) {
  std::string pack = workspace.Path(name);
  std::vector<std::string> arguments = {"--from-host"};
  arguments.insert(arguments.end(), programs.begin(), programs.end());
  for (const std::string& path : data) arguments.insert(arguments.end(), {"--add", path});
  RELOC_RETURN_IF_ERROR(CreatePack(workspace, pack, arguments));
  return absl::StrCat(pack, "/bin/", fs::path(programs[0]).filename().string());
}

absl::StatusOr<std::string> PackProbe(const Workspace& workspace, const std::string& name, int items) {
  fs::path store = workspace.Path(name + "-store");
  try {
    WriteStore(store, workspace.probe(), items);
  } catch (const std::system_error& error) {
    return absl::InternalError(absl::StrCat("cannot write a store: ", error.what()));
  }
  std::string pack = workspace.Path(name);
  RELOC_RETURN_IF_ERROR(CreatePack(
      workspace, pack,
      {"--store-prefix", kStorePrefix, "--store-dir", store, "--from-store", store / ItemName(0)}));
  return absl::StrCat(pack, "/bin/probe");
}

absl::StatusOr<std::string> CopyPack(const Workspace& workspace, const std::string& entry,
                                     const std::string& name) {
  fs::path pack = fs::path(entry).parent_path().parent_path();
  fs::path copy = workspace.Path(name);
  std::error_code error;
  fs::copy(
      pack, copy,
      fs::copy_options::recursive | fs::copy_options::copy_symlinks | fs::copy_options::create_hard_links,
      error);
  if (error) return absl::InternalError(absl::StrCat("cannot copy ", pack.string(), ": ", error.message()));
  return absl::StrCat(copy.string(), "/bin/", fs::path(entry).filename().string());
}

}  // namespace reloc::bench
