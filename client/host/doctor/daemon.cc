#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "client/base/control_client.h"
#include "client/base/daemon_process.h"
#include "client/base/mirror_list.h"
#include "client/host/doctor/checks.h"
#include "client/host/doctor/helpers.h"
#include "client/host/doctor/timeout.h"
#include "reloc/base/file.h"
#include "reloc/hosted/child_task.h"
#include "reloc/hosted/status.h"
#include "reloc/launch/caller.h"
#include "reloc/launch/daemon_dir.h"
#include "reloc/launch/daemon_link.h"
#include "reloc/launch/root_registry.h"
#include "reloc/mirror/cache_dir.h"

namespace reloc {
namespace {

using relocd::v1::DaemonStatus;

constexpr const char* kMirrors = "mirrors";
constexpr absl::Duration kDaemonTimeout = absl::Milliseconds(2500);  // more than its answers may take
constexpr const char* kRestart = "relocctl daemon restart";

Result<UniqueFd> OpenIn(const std::string& dir, const char* name) {
  Result<DaemonDirectory> opened = OpenDaemonDir(dir.c_str());
  if (!opened.ok()) return opened.error();
  return OpenAt(opened->get(), name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
}

// If no daemon runs, no process may hold its lock.
Finding CheckLock(const std::string& dir) {
  if (absl::Status held = CheckLockOf(dir); !held.ok()) {
    const std::pair<absl::string_view, absl::string_view> parts =
        absl::StrSplit(held.message(), absl::MaxSplits("; ", 1));
    return Fail("daemon", std::string(parts.first), std::string(parts.second));
  }
  return Warn("daemon", "none runs for you; programs start a little slower, and are not watched",
              "relocctl daemon start");
}

Finding CheckAnswer(const ControlClient& client, const absl::StatusOr<DaemonStatus>& status) {
  if (!status.ok()) {
    const std::string wrong(status.status().message());
    return Fail("daemon", wrong.substr(0, wrong.find(';')),
                absl::StrCat("kill -CONT ", client.pid(), " if it was stopped, else kill -9 ", client.pid(),
                             " and ", kRestart));
  }
  if (status->version() != RELOC_VERSION) {
    return Warn("daemon",
                absl::StrCat("relocd ", status->version(), " runs, and this is relocctl " RELOC_VERSION),
                kRestart);
  }
  return Ok("daemon", absl::StrCat("relocd ", status->version(), ", pid ", status->pid(), ", ",
                                   status->jobs(), " jobs, ", status->roots(), " roots"));
}

Finding CheckLaunchSocket(const std::string& dir) {
  Result<DaemonDirectory> opened = OpenDaemonDir(dir.c_str());
  DaemonLink link;
  if (opened.ok() && link.Connect(*opened) == Reason::kNone) return Ok("launch socket", "takes connections");
  return Fail("launch socket", absl::StrCat(dir, "/", kLaunchSocket, " takes no connections"), kRestart);
}

// Compares our namespaces with those of the published roots.
Finding CheckPlace(const std::string& dir) {
  constexpr const char* kCheck = "namespaces";
  Result<UniqueFd> file = OpenIn(dir, kRegistryFile);
  RegistryHeader header = {};
  Result<CallerContext> ours = ReadCallerContext();
  bool known = file.ok() && ::read(file->get(), &header, sizeof header) == sizeof header && ours.ok();
  if (!known) return Fail(kCheck, absl::StrCat("no roots are published in ", dir), kRestart);
  // "/" may have changed since: the next launch checks that.
  bool same = header.maker.user_ns == ours->user_ns && header.maker.mount_ns == ours->mount_ns &&
              header.maker.pid_ns == ours->pid_ns && header.maker.root == ours->root;
  if (same) return Ok(kCheck, "those of the daemon");
  return Warn(
      kCheck,
      "the daemon runs in others (a container, a private /tmp, a chroot): its roots are of no use here",
      "start one here, with RELOCD_DIR=another directory");
}

Finding CheckRoots(const DaemonStatus& status) {
  if (status.roots_error().empty())
    return Ok("roots", absl::StrCat("at most ", status.roots_limit(), " are kept"));
  return Warn("roots", absl::StrCat("the daemon can make none: ", status.roots_error()),
              "see the engine userns");
}

Finding CheckSite() {
  Result<DaemonDirectory> dir = OpenDaemonDir(kSiteDaemonDir);
  if (dir.ok()) return Ok("site daemon", absl::StrCat(kSiteDaemonDir, " is there, for who has no daemon"));
  if (dir.error().value == ENOENT) return Ok("site daemon", "none");
  return Warn("site daemon", absl::StrCat(kSiteDaemonDir, " is not root's alone, and is ignored"),
              absl::StrCat("as root: chown root ", kSiteDaemonDir, " && chmod 755 ", kSiteDaemonDir));
}

// Returns what CheckDaemon() must check, because it may be on a file system that does not answer. `error`:
// why the daemon can make no mirrors; may be empty.
Finding MirrorsIn(const std::string& dir, const std::string& error) {
  return {Health::kGood, kMirrors, dir, error};
}

// Checks relocd's helpers, which do its work with files and with /proc. One that is stopped is replaced late
// or never.
Findings CheckHelpers(pid_t relocd) {
  Findings findings;
  for (const Helper& helper : HelpersOf(relocd)) {
    if (!IsStopped(helper.pid)) continue;
    findings.push_back(Warn("daemon processes",
                            absl::StrCat(helper.name, " (pid ", helper.pid, ") is stopped: ", helper.work),
                            absl::StrCat("kill -CONT ", helper.pid)));
  }
  if (findings.empty()) findings.push_back(Ok("daemon processes", "none is stopped"));
  return findings;
}

// Only reports a failure to write: CheckDirectories() checks the file itself.
void AddHistoryError(const DaemonStatus& status, Findings* findings) {
  if (status.history_error().empty()) return;
  findings->push_back(Warn("history writer", absl::StrCat("relocd cannot write it: ", status.history_error()),
                           absl::StrCat("see ", absl::StripSuffix(status.output_dir(), "/output"),
                                        "/history.db: its mode, its owner, and the room on its disk")));
}

void AddDamagedMirrors(const relocd::v1::ListMirrorsResponse& list, Findings* findings) {
  for (const relocd::v1::Mirror& mirror : list.mirrors()) {
    if (mirror.state() != relocd::v1::Mirror::STATE_DAMAGED) continue;
    findings->push_back(Warn("mirror",
                             absl::StrCat(ShortMirrorName(mirror.name()), " of ", mirror.pack(),
                                          " is damaged: programs run from the pack"),
                             MirrorFix(mirror)));
  }
}

// Uses the daemon's configuration; if it does not answer, the default place of mirrors.
void AddMirrors(const ControlClient& client, const std::string& dir, Findings* findings) {
  absl::StatusOr<relocd::v1::ListMirrorsResponse> list = ListMirrors(client);
  findings->push_back(list.ok() ? MirrorsIn(list->dir(), list->error()) : MirrorsIn(MirrorDir("", dir), ""));
  if (list.ok()) AddDamagedMirrors(*list, findings);
}

Findings CheckOwnDaemon(const std::string& dir) {
  absl::StatusOr<std::unique_ptr<ControlClient>> client = ControlClient::ConnectQuietly();
  if (absl::IsNotFound(client.status())) return {CheckLock(dir), MirrorsIn(MirrorDir("", dir), "")};
  if (!client.ok())
    return {Fail("daemon", std::string(client.status().message()), "export RELOCD_DIR=another directory")};
  absl::StatusOr<DaemonStatus> status = (*client)->GetStatus();
  Findings findings = {CheckAnswer(**client, status), CheckLaunchSocket(dir)};
  if (status.ok()) {
    findings.push_back(CheckPlace(dir));
    findings.push_back(CheckRoots(*status));
    for (Finding& helper : CheckHelpers((*client)->pid())) findings.push_back(std::move(helper));
    AddHistoryError(*status, &findings);
    AddMirrors(**client, dir, &findings);
  }
  return findings;
}

}  // namespace

// A child asks the daemon: then this process has no threads, and can fork another child for the mirrors.
Findings CheckDaemon() {
  Findings findings;
  if (absl::StatusOr<std::string> dir = ChosenDaemonDir(); dir.ok()) {
    findings = WithTimeout(
        "daemon", [&] { return CheckOwnDaemon(*dir); }, kDaemonTimeout);
  }
  for (Finding& finding : findings) {
    if (finding.check != kMirrors) continue;
    finding = WithTimeout(kMirrors, [&] { return Findings{CheckMirrors(finding.found, finding.fix)}; })[0];
  }
  findings.push_back(CheckSite());
  return findings;
}

}  // namespace reloc
