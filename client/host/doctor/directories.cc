#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "client/host/doctor/checks.h"
#include "client/host/doctor/timeout.h"
#include "reloc/base/file.h"
#include "reloc/hosted/file_system.h"
#include "reloc/hosted/files.h"
#include "reloc/hosted/human_size.h"
#include "reloc/hosted/own_file.h"
#include "reloc/hosted/status.h"
#include "reloc/job/daemon_place.h"
#include "reloc/storage/state_dir.h"

namespace reloc {
namespace {

constexpr uint64_t kLittleSpace = 64 << 20;
constexpr absl::string_view kSqliteMagic = "SQLite format 3";

std::string Variable(const char* name) {
  const char* value = ::getenv(name);
  return value == nullptr ? "" : value;
}

// Returns why `path` is no private directory of this user; empty if it is. It may be another user's mount.
std::string NotPrivateDaemonDir(const std::string& path, bool* is_missing) {
  DirReport report;
  Result<DaemonDirectory> dir = OpenDaemonDir(path.c_str(), &report);
  *is_missing = !dir.ok() && dir.error().value == ENOENT;
  if (!dir.ok() && report.fault == DirFault::kUnreachable)
    return absl::StrCat(path, ": ", strerror(dir.error().value));
  if (!dir.ok() || report.owner != ::geteuid()) return DescribeFault(path, report);
  return (report.mode & 07777) == 0700
             ? ""
             : absl::StrFormat("%s has mode %04o, not 0700", path, report.mode & 07777);
}

// Returns why `path` is no private directory of this user; empty if it is.
std::string NotPrivate(const std::string& path) {
  struct stat st;
  if (::lstat(path.c_str(), &st) != 0) return absl::StrCat(path, ": ", strerror(errno));
  if (S_ISLNK(st.st_mode)) return absl::StrCat(path, " is a symlink");
  if (!S_ISDIR(st.st_mode)) return absl::StrCat(path, " is not a directory");
  if (st.st_uid != ::geteuid()) return absl::StrCat(path, " belongs to uid ", st.st_uid);
  if ((st.st_mode & 07777) != 0700)
    return absl::StrFormat("%s has mode %04o, not 0700", path, st.st_mode & 07777);
  return "";
}

// Checks for a stale one, copied into a batch job or kept by su, which is common.
Finding CheckRuntimeDir() {
  const std::string path = Variable("XDG_RUNTIME_DIR");
  if (path.empty()) return Ok("XDG_RUNTIME_DIR", "not set");
  if (path[0] != '/')
    return Warn("XDG_RUNTIME_DIR", path + " is not absolute, and is ignored", "unset XDG_RUNTIME_DIR");
  std::string wrong = NotPrivate(path);
  if (wrong.empty()) return Ok("XDG_RUNTIME_DIR", path);
  return Warn("XDG_RUNTIME_DIR", wrong + "; it is not used", "unset XDG_RUNTIME_DIR");
}

Finding CheckDaemonDir(const DaemonPlace& place) {
  constexpr const char* kCheck = "daemon directory";
  const std::string& dir = place.dir;
  if (!place.taken.empty())
    return Warn(kCheck, TakenWarning(place),
                place.is_free ? "none needed: relocd moves back by itself"
                              : "have root remove it, or export RELOCD_DIR=another directory");
  bool is_missing = false;
  std::string wrong = NotPrivateDaemonDir(dir, &is_missing);
  if (is_missing) return Ok(kCheck, dir + ", not made yet");
  if (!wrong.empty()) {
    return Fail(kCheck, wrong,
                "remove it, or export RELOCD_DIR=another directory (programs do without a daemon now)");
  }
  absl::StatusOr<FileSystem> fs = InspectFileSystem(dir);
  if (!fs.ok())
    return Fail(kCheck, std::string(fs.status().message()), "export RELOCD_DIR=another directory");
  if (!fs->shared.empty()) {
    return Warn(kCheck, absl::StrCat(dir, " is on ", fs->shared, ", which other hosts see too"),
                "export RELOCD_DIR=a directory of this host");
  }
  if (fs->free_bytes == 0)
    return Fail(kCheck, dir + ": no space left", "make room, or export RELOCD_DIR=another directory");
  return Ok(kCheck, dir);
}

Finding CheckTemporary() {
  const std::string tmpdir = Variable("TMPDIR");
  if (!tmpdir.empty() && ::access(tmpdir.c_str(), W_OK | X_OK) != 0) {
    return Warn("TMPDIR",
                absl::StrCat(tmpdir, ": ", strerror(errno), "; relocd needs none, but programs may"),
                "unset TMPDIR");
  }
  const std::string path = tmpdir.empty() ? "/tmp" : tmpdir;
  absl::StatusOr<FileSystem> fs = InspectFileSystem(path);
  if (!fs.ok()) return Warn("TMPDIR", std::string(fs.status().message()), "make it");
  if (fs->noexec)
    return Warn("TMPDIR", path + " is mounted noexec", "keep packs elsewhere: none can run from there");
  return Ok("TMPDIR", path);
}

Finding CheckHome() {
  const std::string home = Variable("HOME");
  if (home.empty() || home[0] != '/')
    return Warn("HOME", "not set", "export HOME, or XDG_STATE_HOME and XDG_CONFIG_HOME");
  absl::StatusOr<FileSystem> fs = InspectFileSystem(home);
  if (!fs.ok())
    return Warn("HOME", std::string(fs.status().message()), "export HOME=a directory that is there");
  return Ok("HOME", fs->shared.empty() ? home : absl::StrCat(home, ", on ", fs->shared));
}

Finding CheckStateDir(const std::string& daemon_dir, const std::string& state) {
  constexpr const char* kCheck = "state directory";
  constexpr const char* kFix = "export XDG_STATE_HOME=a directory that you can write";
  if (state == daemon_dir)
    return Warn(kCheck, "$XDG_STATE_HOME cannot be written: history and log last until the next boot", kFix);
  absl::StatusOr<FileSystem> fs = InspectFileSystem(state);
  if (!fs.ok()) return Warn(kCheck, std::string(fs.status().message()), kFix);
  if (!fs->shared.empty()) {
    return Warn(kCheck,
                absl::StrCat(state, " is on ", fs->shared,
                             ": the hosts that you use share one history, and one lock"),
                "export XDG_STATE_HOME=a directory of this host");
  }
  std::string space = absl::StrCat(state, ", ", HumanSize(static_cast<double>(fs->free_bytes)), " free");
  if (fs->free_bytes < kLittleSpace)
    return Warn(kCheck, space, "make room: history, output and log are kept there");
  return Ok(kCheck, space);
}

// Opens it for writing, as relocd does. SQLite makes files beside it, too.
Finding CheckWritable(const std::string& path) {
  for (const std::string& each : {path, path + "-wal", path + "-shm"}) {
    Result<UniqueFd> fd = Open(each.c_str(), O_RDWR | O_NOFOLLOW | O_NONBLOCK);
    if (fd.ok() || fd.error().value == ENOENT) continue;
    return Warn("history",
                absl::StrCat(each, " cannot be written: ", strerror(fd.error().value),
                             "; what ends is not in relocctl history"),
                absl::StrCat("chmod u+rw ", each, ", and see that its file system is not read-only"));
  }
  return Ok("history", path);
}

Finding CheckHistory(const std::string& state) {
  const std::string path = state + "/history.db";
  absl::StatusOr<UniqueFd> fd = OpenOwnFile(path, O_RDONLY);
  if (absl::IsNotFound(fd.status())) return Ok("history", "none yet");
  if (absl::IsFailedPrecondition(fd.status()))
    return Warn("history", std::string(fd.status().message()), "move it away");
  if (!fd.ok()) return Warn("history", std::string(fd.status().message()), "chmod u+rw " + path);
  char start[kSqliteMagic.size()];
  ssize_t size = ::read(fd->get(), start, sizeof start);
  bool is_one = size == 0 || (size == sizeof start && absl::string_view(start, sizeof start) == kSqliteMagic);
  if (is_one) return CheckWritable(path);
  return Warn("history", path + " is damaged",
              absl::StrCat("relocctl daemon stop; mv ", path, " ", path, ".damaged"));
}

Findings CheckState(const std::string& daemon_dir) {
  const absl::StatusOr<std::string> state = StateDir(daemon_dir);
  if (!state.ok())
    return {Fail("state directory", std::string(state.status().message()),
                 "run it in that user's session, or as your own user")};
  return {CheckStateDir(daemon_dir, *state), CheckHistory(*state)};
}

}  // namespace

// Any of them may be on a file server.
Findings CheckDirectories() {
  Findings findings = WithTimeout("XDG_RUNTIME_DIR", [] { return Findings{CheckRuntimeDir()}; });
  absl::StatusOr<DaemonPlace> place = FindDaemonPlace(environ);
  if (!place.ok()) {
    findings.push_back(Fail("daemon directory", std::string(place.status().message()),
                            "export RELOCD_DIR=another directory"));
    return findings;
  }
  for (const Findings& more :
       {WithTimeout("daemon directory", [&] { return Findings{CheckDaemonDir(*place)}; }),
        WithTimeout("TMPDIR", [] { return Findings{CheckTemporary()}; }),
        WithTimeout("HOME", [] { return Findings{CheckHome()}; }),
        WithTimeout("state directory", [&] { return CheckState(place->dir); })}) {
    findings.insert(findings.end(), more.begin(), more.end());
  }
  return findings;
}

}  // namespace reloc
