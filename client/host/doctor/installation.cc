#include "client/base/installation.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "client/host/doctor/checks.h"
#include "reloc/base/file.h"
#include "reloc/hosted/await_child.h"
#include "reloc/hosted/status.h"

namespace reloc {
namespace {

namespace fs = std::filesystem;

constexpr const char* kReinstall = "reinstall relocd";
constexpr int kAnswerMillis = 1500;

Finding CheckFile(const std::string& check, const std::string& path, int mode) {
  if (::access(path.c_str(), mode) == 0) return Ok(check, path);
  return Fail(check, absl::StrCat(path, ": ", strerror(errno)), kReinstall);
}

// Returns the first line of what `program` prints on `stream` (STDOUT_FILENO or STDERR_FILENO); the other
// stream is discarded. The program ends by itself, and is given some time for that.
absl::StatusOr<std::string> FirstLineOf(const std::string& program, const char* argument, int stream) {
  int pipe[2];
  if (::pipe2(pipe, O_CLOEXEC) != 0) return absl::ErrnoToStatus(errno, "cannot make a pipe");
  UniqueFd ours(pipe[0]);
  UniqueFd theirs(pipe[1]);
  posix_spawn_file_actions_t files;
  ::posix_spawn_file_actions_init(&files);
  const int other = stream == STDOUT_FILENO ? STDERR_FILENO : STDOUT_FILENO;
  ::posix_spawn_file_actions_addopen(&files, other, "/dev/null", O_WRONLY, 0);
  ::posix_spawn_file_actions_adddup2(&files, theirs.get(), stream);
  char* argv[] = {const_cast<char*>(program.c_str()), const_cast<char*>(argument), nullptr};
  pid_t pid;
  const int error = ::posix_spawn(&pid, program.c_str(), &files, nullptr, argv, environ);
  ::posix_spawn_file_actions_destroy(&files);
  if (error != 0) return absl::ErrnoToStatus(error, program);
  theirs.Reset();
  char text[256];
  struct pollfd readable = {ours.get(), POLLIN, 0};
  const ssize_t size = ::poll(&readable, 1, kAnswerMillis) == 1 ? ::read(ours.get(), text, sizeof text) : 0;
  // After its line it has nothing more to print.
  (void)EndChild(pid, size > 0 ? absl::Milliseconds(kAnswerMillis) : absl::ZeroDuration());
  if (size <= 0) return absl::UnavailableError(absl::StrCat(program, " says nothing"));
  const absl::string_view said(text, static_cast<size_t>(size));
  return std::string(absl::StripAsciiWhitespace(said.substr(0, said.find('\n'))));
}

Finding CheckRelocd(const std::string& path) {
  Finding file = CheckFile("relocd", path, X_OK);
  if (file.health != Health::kGood) return file;
  absl::StatusOr<std::string> version = FirstLineOf(path, "--version", STDOUT_FILENO);
  if (!version.ok()) return Fail("relocd", std::string(version.status().message()), kReinstall);
  if (*version == "relocd " RELOC_VERSION) return Ok("relocd", absl::StrCat(path, ", ", *version));
  return Fail("relocd", absl::StrCat(path, " is ", *version, ", and this is relocctl " RELOC_VERSION),
              kReinstall);
}

// Checks the configuration: a mistake in it keeps relocd from starting.
Finding CheckConfiguration(const std::string& relocd) {
  absl::StatusOr<std::string> wrong = FirstLineOf(relocd, "--print-config", STDERR_FILENO);
  if (!wrong.ok()) return Ok("configuration", "relocd --print-config shows it");
  return Fail("configuration", std::string(absl::StripPrefix(*wrong, "relocd: ")),
              "correct it: relocd does not start");
}

// Returns the first relocctl that a shell would find.
std::string FindInPath() {
  const char* path = ::getenv("PATH");
  for (absl::string_view directory : absl::StrSplit(path == nullptr ? "" : path, ':', absl::SkipEmpty())) {
    std::string program = absl::StrCat(directory, "/relocctl");
    if (::access(program.c_str(), X_OK) == 0) return program;
  }
  return {};
}

Finding CheckPath(const std::string& self) {
  const std::string found = FindInPath();
  const std::string fix = absl::StrCat("export PATH=", fs::path(self).parent_path().string(), ":$PATH");
  if (found.empty()) return Warn("PATH", "leads to no relocctl", fix);
  Result<FileId> there = IdentifyAt(AT_FDCWD, found.c_str());
  Result<FileId> ours = IdentifyAt(AT_FDCWD, self.c_str());
  if (there.ok() && ours.ok() && *there == *ours) return Ok("PATH", absl::StrCat("leads to ", found));
  return Warn("PATH", absl::StrCat("leads to another relocctl: ", found), fix);
}

Findings CheckModules() {
  absl::StatusOr<std::string> modules = FindModules();
  if (!modules.ok()) return {Fail("shim", std::string(modules.status().message()), kReinstall)};
  Findings findings = {CheckFile("shim", *modules + "/shim", R_OK | X_OK)};
  for (const char* name : {"audit.so", "preload.so", "tracee"}) {
    findings.push_back(CheckFile(name, absl::StrCat(*modules, "/", name), R_OK));
  }
  return findings;
}

}  // namespace

Findings CheckInstallation() {
  absl::StatusOr<std::string> relocd = FindProgramOfOurs("relocd");
  absl::StatusOr<std::string> relocctl = FindProgramOfOurs("relocctl");
  if (!relocctl.ok()) return {Fail("proc", std::string(relocctl.status().message()), "mount /proc")};
  Findings findings = {CheckRelocd(*relocd), CheckConfiguration(*relocd), CheckPath(*relocctl)};
  Findings modules = CheckModules();
  findings.insert(findings.end(), modules.begin(), modules.end());
  return findings;
}

}  // namespace reloc
