#include "bench/launching/workspace.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include <system_error>

#include "absl/strings/str_cat.h"
#include "reloc/hosted/status.h"

namespace reloc::bench {
namespace {

namespace fs = std::filesystem;

absl::StatusOr<fs::path> OwnDirectory() {
  std::error_code error;
  fs::path self = fs::read_symlink("/proc/self/exe", error);
  if (error) return absl::InternalError(absl::StrCat("cannot read /proc/self/exe: ", error.message()));
  return self.parent_path();
}

absl::StatusOr<fs::path> MakeTemporaryDirectory() {
  const char* parent = ::getenv("TMPDIR");
  std::string path =
      absl::StrCat(parent == nullptr || *parent == '\0' ? "/tmp" : parent, "/reloc-bench-XXXXXX");
  if (::mkdtemp(path.data()) == nullptr)
    return absl::ErrnoToStatus(errno, absl::StrCat("cannot make ", path));
  return fs::path(path);
}

}  // namespace

absl::StatusOr<Workspace> Workspace::Create(std::string bin_dir) {
  RELOC_ASSIGN_OR_RETURN(fs::path own, OwnDirectory());
  fs::path bin = bin_dir.empty() ? own : fs::absolute(bin_dir);
  fs::path probe = own.parent_path() / "libexec" / "bench_probe";
  for (const fs::path& needed : {bin / "relocctl", bin / "relocd", probe}) {
    if (::access(needed.c_str(), X_OK) == 0) continue;
    return absl::ErrnoToStatus(errno, absl::StrCat(needed.string(), " is needed; build everything first"));
  }
  RELOC_ASSIGN_OR_RETURN(fs::path directory, MakeTemporaryDirectory());
  Workspace workspace(std::move(bin), std::move(probe), std::move(directory));
  for (const char* name : {"home", "tmp", "run"}) {
    std::error_code error;
    fs::create_directory(workspace.directory_ / name, error);
    if (error)
      return absl::InternalError(absl::StrCat("cannot make ", workspace.Path(name), ": ", error.message()));
  }
  return workspace;
}

Workspace::Workspace(fs::path bin_dir, fs::path probe, fs::path directory)
    : bin_dir_(std::move(bin_dir)), probe_(std::move(probe)), directory_(std::move(directory)) {}

Workspace::Workspace(Workspace&& other) noexcept
    : bin_dir_(std::move(other.bin_dir_)),
      probe_(std::move(other.probe_)),
      directory_(std::exchange(other.directory_, fs::path())) {}

Workspace::~Workspace() {
  if (directory_.empty()) return;
  std::error_code error;
  fs::remove_all(directory_, error);
  if (error) fprintf(stderr, "bench: cannot remove %s: %s\n", directory_.c_str(), error.message().c_str());
}

Environment Workspace::BaseEnvironment() const {
  return {{"PATH", "/usr/local/bin:/usr/bin:/bin"},
          {"HOME", Path("home")},
          {"TMPDIR", Path("tmp")},
          {"RELOCD_DIR", Path("run/nobody-listens-here")}};
}

}  // namespace reloc::bench
