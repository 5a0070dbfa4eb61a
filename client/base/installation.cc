#include "client/base/installation.h"

#include <sys/auxv.h>

#include <filesystem>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "reloc/hosted/files.h"
#include "reloc/hosted/status.h"
#include "reloc/launch/program_path.h"

namespace reloc {
namespace {

namespace fs = std::filesystem;

// Returns this program's path. Without /proc that is the executed path; front/ uses an absolute one.
absl::StatusOr<std::string> OwnPath() {
  absl::StatusOr<std::string> program = ReadSymlink("/proc/self/exe");
  if (program.ok()) return program;
  std::error_code error;
  fs::path path = fs::canonical(reinterpret_cast<const char*>(getauxval(AT_EXECFN)), error);
  return error ? program : absl::StatusOr<std::string>(path.string());
}

absl::StatusOr<std::string> FindPrefix() {
  RELOC_ASSIGN_OR_RETURN(std::string program, OwnPath());
  return std::string(InstallationPrefix(program));
}

}  // namespace

absl::StatusOr<std::string> FindProgramOfOurs(const std::string& name) {
  RELOC_ASSIGN_OR_RETURN(std::string prefix, FindPrefix());
  return absl::StrCat(prefix, "/bin/", name);
}

absl::StatusOr<std::string> FindModules() {
  RELOC_ASSIGN_OR_RETURN(std::string prefix, FindPrefix());
  for (const char* directory : {"/libexec/relocd", "/libexec"}) {
    std::error_code error;
    if (fs::exists(absl::StrCat(prefix, directory, "/shim"), error)) return absl::StrCat(prefix, directory);
  }
  return absl::NotFoundError(absl::StrCat("the shim is neither in ", prefix, "/libexec/relocd nor in ",
                                          prefix, "/libexec: reinstall relocd"));
}

}  // namespace reloc
