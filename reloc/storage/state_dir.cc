#include "reloc/storage/state_dir.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "reloc/hosted/status.h"
#include "reloc/hosted/trusted_path.h"

namespace reloc {

namespace fs = std::filesystem;

std::string StateHome() {
  const char* state = ::getenv("XDG_STATE_HOME");
  if (state != nullptr && state[0] == '/') return state;
  const char* home = ::getenv("HOME");
  return home != nullptr && home[0] == '/' ? std::string(home) + "/.local/state" : "";
}

namespace {

absl::Status Refuse(const std::string& dir, absl::string_view why) {
  return absl::PermissionDeniedError(absl::StrCat(
      "state directory ", dir, ": ", why, "; set HOME (sudo -H, su -) or XDG_STATE_HOME to your own"));
}

absl::Status RequireOwn(const std::string& dir) {
  struct stat st;
  if (::stat(dir.c_str(), &st) != 0 || st.st_uid == ::geteuid()) return absl::OkStatus();
  return Refuse(dir, absl::StrCat("it belongs to uid ", st.st_uid));
}

}  // namespace

absl::StatusOr<std::string> StateDir(const std::string& daemon_dir) {
  fs::path home = StateHome();
  if (home.empty()) return daemon_dir;
  const std::string dir = home / "relocd";
  if (absl::Status trusted = RequireTrustedPath(dir); !trusted.ok()) return Refuse(dir, trusted.message());
  std::error_code error;
  fs::create_directories(home, error);
  ::mkdir(dir.c_str(), 0700);  // if it fails, the next line reports it
  if (::access(dir.c_str(), W_OK | X_OK) != 0) return daemon_dir;
  RELOC_RETURN_IF_ERROR(RequireOwn(dir));
  return dir;
}

absl::StatusOr<std::string> OutputDir(const std::string& daemon_dir) {
  RELOC_ASSIGN_OR_RETURN(std::string state, StateDir(daemon_dir));
  return state + "/output";
}

}  // namespace reloc
