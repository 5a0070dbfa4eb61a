#include "reloc/job/state_dir.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <system_error>

namespace reloc {
namespace {

namespace fs = std::filesystem;

}  // namespace

std::string StateHome() {
  const char* state = ::getenv("XDG_STATE_HOME");
  if (state != nullptr && state[0] == '/') return state;
  const char* home = ::getenv("HOME");
  return home != nullptr && home[0] == '/' ? std::string(home) + "/.local/state" : "";
}

std::string StateDir(const std::string& daemon_dir) {
  fs::path home = StateHome();
  if (home.empty()) return daemon_dir;
  std::error_code error;
  fs::create_directories(home, error);
  fs::path dir = home / "relocd";
  ::mkdir(dir.c_str(), 0700);  // if it fails the next line says so
  return ::access(dir.c_str(), W_OK | X_OK) == 0 ? dir.string() : daemon_dir;
}

std::string OutputDir(const std::string& daemon_dir) { return StateDir(daemon_dir) + "/output"; }

}  // namespace reloc
