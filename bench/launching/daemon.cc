#include "bench/launching/daemon.h"

#include <errno.h>
#include <fcntl.h>

#include <algorithm>
#include <memory>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "reloc/base/file.h"
#include "reloc/hosted/status.h"
#include "reloc/launch/daemon_dir.h"
#include "reloc/launch/daemon_link.h"
#include "reloc/launch/root_registry.h"

namespace reloc::bench {
namespace {

bool AcceptsLaunches(const std::string& directory) {
  Result<DaemonDirectory> dir = OpenDaemonDir(directory.c_str());
  return dir.ok() && DaemonLink().Connect(*dir) == Reason::kNone;
}

}  // namespace

absl::StatusOr<Daemon> Daemon::Start(const Workspace& workspace, const std::string& name,
                                     const std::vector<std::string>& options) {
  std::string directory = workspace.Path(absl::StrCat("run/", name));
  std::string log = directory + ".log";
  Result<UniqueFd> errors = Open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  if (!errors.ok()) return absl::ErrnoToStatus(errors.error().value, absl::StrCat("cannot make ", log));
  // It also ends by itself, in case this process is killed.
  std::vector<std::string> arguments = {
      workspace.Program("relocd"), "--dir", directory, "--idle-exit", "10m", "--max-roots", "2000"};
  arguments.insert(arguments.end(), options.begin(), options.end());
  Command command(arguments, workspace.BaseEnvironment());
  RELOC_ASSIGN_OR_RETURN(Process process, Process::Start(command, errors->get()));
  Environment environment = workspace.BaseEnvironment();
  environment["RELOCD_DIR"] = directory;
  Daemon daemon(std::move(process), std::move(environment), directory, workspace.Program("relocctl"));
  RELOC_RETURN_IF_ERROR(daemon.AwaitReady(log));
  return daemon;
}

Daemon::Daemon(Process process, Environment environment, std::string directory, std::string relocctl)
    : process_(std::move(process)),
      environment_(std::move(environment)),
      directory_(std::move(directory)),
      relocctl_(std::move(relocctl)) {}

absl::Status Daemon::AwaitReady(const std::string& log) {
  for (absl::Time deadline = absl::Now() + absl::Seconds(5); absl::Now() < deadline;) {
    if (AcceptsLaunches(directory_)) return absl::OkStatus();
    absl::SleepFor(absl::Milliseconds(1));
  }
  FixedText<1024> said;
  if (!ReadSmallFile(log.c_str(), &said).ok()) said << "see its log";
  return absl::UnavailableError(absl::StrCat("relocd did not accept launches within 5 s: ", said.c_str()));
}

absl::StatusOr<int> Daemon::CountRoots() const {
  std::string path = absl::StrCat(directory_, "/", kRegistryFile);
  Result<UniqueFd> fd = Open(path.c_str(), O_RDONLY);
  if (!fd.ok()) return absl::ErrnoToStatus(fd.error().value, absl::StrCat("cannot open ", path));
  auto file = std::make_unique<RegistryFile>();
  Result<size_t> size = ReadAll(fd->get(), {reinterpret_cast<char*>(file.get()), sizeof *file});
  if (!size.ok() || *size != sizeof *file) return absl::DataLossError(absl::StrCat("cannot read ", path));
  return static_cast<int>(std::count_if(std::begin(file->slots), std::end(file->slots),
                                        [](const RegistrySlot& slot) { return slot.mount_ns_inode != 0; }));
}

absl::StatusOr<int> Daemon::CountJobs() const {
  RELOC_ASSIGN_OR_RETURN(Captured listed, Capture(Command({relocctl_, "ps", "--quiet"}, environment_)));
  if (!listed.succeeded()) return absl::UnavailableError(absl::StrCat("relocctl ps: ", ErrorOf(listed)));
  return static_cast<int>(std::count(listed.output.begin(), listed.output.end(), '\n'));
}

}  // namespace reloc::bench
