#include "reloc/job/daemon_place.h"

#include <errno.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "reloc/base/env.h"
#include "reloc/hosted/child_task.h"
#include "reloc/hosted/status.h"
#include "reloc/hosted/text.h"
#include "reloc/launch/daemon_link.h"
#include "reloc/storage/state_dir.h"

namespace reloc {
namespace {

constexpr absl::Duration kTimeout = absl::Milliseconds(700);  // for accessing the state directory
// If it did not answer, it is not asked again for so long: a command may need the place several times.
constexpr absl::Duration kPause = absl::Seconds(5);

// Returns the same as `uname -n`, which the host's root may set to anything.
std::string HostName() {
  struct utsname names;
  std::string host = ::uname(&names) == 0 ? names.nodename : "";
  std::replace(host.begin(), host.end(), '/', '_');
  return host.empty() || host[0] == '.' ? "localhost" : host;
}

// Returns the second place; empty if there is no state directory.
std::string SecondPlace() {
  std::string home = StateHome();
  return home.empty() ? "" : absl::StrCat(home, "/relocd/hosts/", HostName(), "/main/run");
}

std::string DefaultPlace() {
  PathText path;
  DefaultDaemonDir(&path);
  return std::string(path.view());
}

// Returns true if only another user or root can clear the place. Users' own mistakes and leftovers are theirs
// to remove.
bool IsTakenByOthers(const DirReport& report) {
  if (report.fault == DirFault::kMount) return true;
  return report.fault != DirFault::kUnreachable && report.fault != DirFault::kFuse &&
         report.owner != ::geteuid();
}

// Returns why another user occupies the default place; empty if that is not so.
std::string WhyTaken(const std::string& path) {
  DirReport report;
  (void)OpenDaemonDir(path.c_str(), &report).ok();
  if (!IsTakenByOthers(report)) return "";
  return report.fault == DirFault::kMount ? DescribeFault(path, report)
                                          : absl::StrCat(path, " belongs to uid ", report.owner);
}

// Makes the parents only: relocd makes the directory itself, and every process that opens it checks its
// owner.
absl::StatusOr<std::string> MakeSecondPlace(const std::string& taken) {
  const std::string dir = SecondPlace();
  RELOC_ASSIGN_OR_RETURN(std::string state, StateDir(""));
  if (state.empty()) {
    return absl::FailedPreconditionError(
        absl::StrCat(taken,
                     ", and there is no state directory to use instead; set RELOCD_DIR to a directory "
                     "of yours"));
  }
  for (size_t end = dir.find('/', StateHome().size() + 1); end != dir.npos; end = dir.find('/', end + 1)) {
    const std::string parent = dir.substr(0, end);
    if (::mkdir(parent.c_str(), 0700) != 0 && errno != EEXIST)
      return absl::ErrnoToStatus(errno, absl::StrCat("cannot make ", parent));
  }
  return dir;
}

// Runs `look`, which accesses the state directory, in a child. DeadlineExceeded if that does not answer.
absl::StatusOr<std::string> LookAtState(absl::FunctionRef<absl::StatusOr<std::string>()> look) {
  static absl::Time not_before = absl::InfinitePast();
  absl::StatusOr<std::string> answer = absl::DeadlineExceededError("it did not answer just now");
  if (absl::Now() < not_before) return answer;
  answer = TryInChild(kTimeout, look);
  if (absl::IsDeadlineExceeded(answer.status())) not_before = absl::Now() + kPause;
  return answer;
}

bool IsServedAt(const std::string& dir) {
  Result<DaemonDirectory> directory = OpenDaemonDir(dir.c_str());
  return directory.ok() && IsServed(directory->get());
}

// Makes the second place, and accesses what the caller will access: the child finds out whether that answers.
absl::StatusOr<DaemonPlace> UseSecondPlace(DaemonPlace place) {
  absl::StatusOr<std::string> second = LookAtState([&]() -> absl::StatusOr<std::string> {
    RELOC_ASSIGN_OR_RETURN(std::string dir, MakeSecondPlace(place.taken));
    (void)IsServedAt(dir);
    return dir;
  });
  if (absl::IsDeadlineExceeded(second.status())) {
    return absl::UnavailableError(
        absl::StrCat(place.taken,
                     ", and the state directory does not answer; set RELOCD_DIR to a directory "
                     "of yours"));
  }
  RELOC_ASSIGN_OR_RETURN(place.dir, std::move(second));
  return place;
}

// Returns the place of a daemon that had to use the second one and still runs, otherwise `first`.
DaemonPlace FindLeftDaemon(DaemonPlace first) {
  const std::string second = SecondPlace();
  if (second.empty() || IsServedAt(first.dir)) return first;
  absl::StatusOr<std::string> served =
      LookAtState([&] { return std::string(IsServedAt(second) ? "yes" : "no"); });
  if (served.value_or("no") == "no") return first;
  return {second, absl::StrCat(first.dir, " was another user's until now"), true};
}

}  // namespace

absl::StatusOr<DaemonPlace> FindDaemonPlace(const char* const* envp) {
  PathText path;
  if (!DaemonDir(envp, &path).ok()) return absl::InvalidArgumentError("RELOCD_DIR is too long");
  DaemonPlace place{std::string(path.view()), ""};
  if (!EnvValue(envp, "RELOCD_DIR").empty() || place.dir != DefaultPlace()) return place;
  place.taken = WhyTaken(place.dir);
  return place.taken.empty() ? FindLeftDaemon(std::move(place)) : UseSecondPlace(std::move(place));
}

bool IsSecondDaemonPlace(const std::string& dir) { return dir == SecondPlace(); }

absl::StatusOr<std::string> BetterDaemonPlace(const std::string& dir) {
  const std::string first = DefaultPlace();
  if (dir != first && !IsSecondDaemonPlace(dir)) return dir;
  const std::string taken = WhyTaken(first);
  return taken.empty() ? first : MakeSecondPlace(taken);
}

std::string TakenWarning(const DaemonPlace& place) {
  return OneLine(absl::StrCat(place.taken, ": relocd uses ", place.dir,
                              place.is_free ? " until its detached jobs have ended" : "",
                              ", and programs started by their entries' paths do without it"));
}

std::string DescribeFault(const std::string& path, const DirReport& report) {
  switch (report.fault) {
    case DirFault::kMount:
      return absl::StrCat(path, " is a mount of its own");
    case DirFault::kFuse:
      return absl::StrCat(path, " is on a FUSE file system, or /proc is missing and that cannot be known");
    case DirFault::kNotDirectory:
      return absl::StrCat(path, S_ISLNK(report.mode) ? " is a symlink" : " is not a directory");
    case DirFault::kWritable:
      return absl::StrFormat("%s has mode %04o: others can write it", path, report.mode & 07777);
    case DirFault::kUnreachable:
      return absl::StrCat(path, " cannot be opened");
    default:
      return absl::StrCat(path, " belongs to uid ", report.owner);
  }
}

}  // namespace reloc
