#include "client/installation.h"

#include <sys/auxv.h>

#include <filesystem>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "reloc/launch/own_path.h"
#include "reloc/pack/files.h"
#include "reloc/pack/status.h"

namespace reloc {
namespace {

namespace fs = std::filesystem;

// Without /proc: what was executed. AT_EXECFN is relative to the directory at the start, which we never
// leave.
absl::StatusOr<std::string> OwnPath() {
  absl::StatusOr<std::string> program = ReadSymlink("/proc/self/exe");
  if (program.ok()) return program;
  std::error_code error;
  fs::path path = fs::canonical(reinterpret_cast<const char*>(getauxval(AT_EXECFN)), error);
  return error ? program : absl::StatusOr<std::string>(path.string());
}

absl::StatusOr<fs::path> FindPrefix() {
  RELOC_ASSIGN_OR_RETURN(std::string program, OwnPath());
  return fs::path(InstallationPrefix(program));
}

}  // namespace

absl::StatusOr<std::string> FindProgramOfOurs(const std::string& name) {
  RELOC_ASSIGN_OR_RETURN(fs::path prefix, FindPrefix());
  return (prefix / "bin" / name).string();
}

absl::StatusOr<std::string> FindModules() {
  RELOC_ASSIGN_OR_RETURN(fs::path prefix, FindPrefix());
  for (const char* directory : {"libexec/relocd", "libexec"}) {
    std::error_code error;
    if (fs::exists(prefix / directory / "shim", error)) return (prefix / directory).string();
  }
  return absl::NotFoundError(absl::StrCat("the shim is neither in ", (prefix / "libexec/relocd").string(),
                                          " nor in ", (prefix / "libexec").string(), ": reinstall relocd"));
}

}  // namespace reloc
