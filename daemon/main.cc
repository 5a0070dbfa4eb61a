// relocd: keeps roots ready, and knows the jobs.
//
// The order below matters. Everything up to the keeper's fork is single-threaded and owns nothing that the
// keeper must not inherit; after it relocd is no longer dumpable.
#include <errno.h>
#include <malloc.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "daemon/base/disk_process.h"
#include "daemon/base/log.h"
#include "daemon/base/log_writer.h"
#include "daemon/daemon.h"
#include "daemon/disk_worker.h"
#include "daemon/instance_dir.h"
#include "daemon/keeper/keeper.h"
#include "daemon/mirrors/mirror_probe.h"
#include "daemon/mirrors/worker.h"
#include "daemon/options.h"
#include "daemon/processes/process_reader_main.h"
#include "daemon/service_manager.h"
#include "reloc/base/file.h"
#include "reloc/cli/output.h"
#include "reloc/engine/preloaded.h"
#include "reloc/fault/fault.h"
#include "reloc/hosted/child_task.h"
#include "reloc/hosted/status.h"
#include "reloc/job/daemon_place.h"
#include "reloc/mirror/cache_dir.h"
#include "reloc/storage/state_dir.h"

namespace reloc {
namespace {

// relocctl waits for three seconds, and there is the file of the configuration before.
constexpr absl::Duration kStatePatience = absl::Milliseconds(700);
constexpr absl::Duration kCachePatience = absl::Milliseconds(300);

// We leave the working directory, which may be on something that is to be unmounted.
absl::StatusOr<std::string> MakeAbsolute(const std::string& path) {
  if (path[0] == '/') return path;
  char here[4096];
  if (::getcwd(here, sizeof here) == nullptr) return absl::ErrnoToStatus(errno, "no working directory");
  return absl::StrCat(here, "/", path);
}

// Where the sockets of the service manager lie, if there are any, all else must lie too.
absl::StatusOr<std::string> ChooseDir(const Options& options, const ServiceManager& manager,
                                      const char* const* envp) {
  std::string dir = options.dir.empty() ? manager.directory() : options.dir;
  if (dir.empty()) {
    RELOC_ASSIGN_OR_RETURN(DaemonPlace place, FindDaemonPlace(envp));
    dir = std::move(place.dir);
  }
  if (!manager.directory().empty() && dir != manager.directory()) {
    return absl::InvalidArgumentError(absl::StrCat("the sockets that were handed over lie in ",
                                                   manager.directory(), ", not in ", dir,
                                                   "; leave --dir out"));
  }
  return MakeAbsolute(dir);
}

// Where the log goes; empty: to stderr.
absl::StatusOr<std::string> ChooseLogFile(const Options& options) {
  if (!options.log_file.empty()) return MakeAbsolute(options.log_file);
  return options.background ? absl::StrCat(options.state_dir, "/relocd.log") : "";
}

// Looks once, in processes that may hang, at what is on the user's file systems. If those do not answer,
// relocd serves without: launches need nothing of them.
absl::Status LookAround(const std::string& dir, Options* options) {
  absl::StatusOr<std::string> state = TryInChild(kStatePatience, [&] { return StateDir(dir); });
  if (absl::IsPermissionDenied(state.status())) return state.status();  // it is another user's
  if (!state.ok()) {
    options->found_warning =
        absl::StrCat(options->found_warning, options->found_warning.empty() ? "" : "; ",
                     "the state directory ($XDG_STATE_HOME, else ~/.local/state): ", state.status().message(),
                     "; until relocd is restarted history, log and output are kept in ", dir);
  }
  options->state_dir = state.value_or(dir);
  const std::string cache = MirrorDir(options->mirror_dir, dir);
  absl::StatusOr<std::string> none = RunInChild(kCachePatience, [&]() -> std::string {
    return ::access(cache.c_str(), F_OK) != 0 && errno == ENOENT ? "none" : "some";
  });
  options->no_mirrors = none.ok() && *none == "none";
  return absl::OkStatus();
}

// Descriptors that whoever started us left open (pipes, locks) would stay open as long as we run.
absl::Status LeaveCaller(const ServiceManager& manager) {
  if (Errno e = ReserveStandardFds(); !e.ok()) return absl::ErrnoToStatus(e.value, "cannot open /");
  ::closefrom(STDERR_FILENO + 1 + manager.handed_over());
  ::umask(077);
  if (::chdir("/") != 0) return absl::ErrnoToStatus(errno, "cannot enter /");
  ::signal(SIGPIPE, SIG_IGN);
  const sigset_t ours = Daemon::Signals();
  ::signal(SIGXFSZ, SIG_IGN);  // writing over `ulimit -f` is an error like a full disk
  ::sigprocmask(SIG_BLOCK, &ours, nullptr);
  return absl::OkStatus();
}

// A descriptor for each job, and in the keeper one for each root.
void RaiseFileLimit() {
  struct rlimit limit;
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

// Programs that start together should not be held up by our hearing of each of them: no process is preempted
// when we wake up, and then we hear of several at once (sched(7)). If that is refused we are heard more
// often.
void LetProgramsGoFirst() {
  struct sched_param none = {};
  (void)::sched_setscheduler(0, SCHED_BATCH, &none);
}

// Goes on without a file that another user has put in its place; `options` then says where the log goes.
absl::Status OpenSomeLog(bool configured, Options* options) {
  absl::Status opened = OpenLog(options->log_level, options->log_file, configured);
  if (!absl::IsUnauthenticated(opened)) return opened;  // another user's
  PrintError("relocd", opened.message());
  options->log_file = !options->background ? ""
                      : configured         ? absl::StrCat(options->state_dir, "/relocd.log")
                                           : "/dev/null";
  RELOC_RETURN_IF_ERROR(configured ? OpenSomeLog(false, options)
                                   : OpenLog(options->log_level, options->log_file, true));
  LogWarning(opened.message());
  return absl::OkStatus();
}

// With a log file nothing of ours goes to the caller's terminal any more; what waits for the end of our
// stderr knows by it that we serve.
void LeaveTerminal() {
  if (::freopen("/dev/null", "r+", stderr) == nullptr) ::close(STDERR_FILENO);
}

absl::Status Serve(Options options, ServiceManager manager, const char* const* envp) {
  RELOC_ASSIGN_OR_RETURN(std::string path, ChooseDir(options, manager, envp));
  const bool log_configured = !options.log_file.empty();
  RELOC_RETURN_IF_ERROR(LookAround(path, &options));
  RELOC_ASSIGN_OR_RETURN(options.log_file, ChooseLogFile(options));
  RELOC_RETURN_IF_ERROR(LeaveCaller(manager));
  RaiseFileLimit();
  RELOC_ASSIGN_OR_RETURN(std::unique_ptr<InstanceDir> dir, InstanceDir::Open(path));
  RELOC_ASSIGN_OR_RETURN(KeeperProcess keeper, ForkKeeper());
  // Else any process of the user could take our descriptors from /proc.
  ::prctl(PR_SET_DUMPABLE, 0);
  LetProgramsGoFirst();
  RELOC_RETURN_IF_ERROR(OpenSomeLog(log_configured, &options));
  RELOC_ASSIGN_OR_RETURN(std::unique_ptr<Daemon> daemon,
                         Daemon::Create(options, std::move(dir), std::move(keeper), std::move(manager)));
  if (!options.log_file.empty()) LeaveTerminal();
  daemon->Run();
  // Threads that nobody can end may still use it: then it stays as it is.
  if (!daemon->End()) (void)daemon.release();
  return absl::OkStatus();
}

int Main(int argc, char** argv, char** envp) {
  if (argc == 1 && absl::string_view(argv[0]) == kKeeperName) RunKeeper();
  ExecuteWithoutPreload(argv, envp);
  if (argc == 2 && strcmp(argv[1], kMirrorWorkerArgument) == 0) MirrorWorkerMain();
  if (argc == 2 && strcmp(argv[1], kMirrorProbeArgument) == 0) MirrorProbeMain();
  if (argc == 2 && strcmp(argv[1], kProcessReaderArgument) == 0) ProcessReaderMain();
  if (argc == 2 && strcmp(argv[1], kLogWriterArgument) == 0) LogWriterMain();
  if (argc == 2 && strcmp(argv[1], kDiskWorkerArgument) == 0) DiskWorkerMain();
  // Threads come and go, and what each has a heap of its own for does not: mallopt(3).
  ::mallopt(M_ARENA_MAX, 1);
  Options options;
  if (int status = ParseOptions(argc, argv, envp, &options); status >= 0) return status;
  if (absl::Status bad = fault::SwitchOnFromEnvironment(); !bad.ok()) {
    PrintError("relocd", bad.message());
    return 2;
  }
  // Whoever calls relocctl may be a service, but that is not ours.
  ServiceManager manager = options.background ? ServiceManager() : ServiceManager::FromEnvironment();
  absl::Status served = Serve(std::move(options), std::move(manager), envp);
  CloseLog();
  if (!served.ok()) PrintError("relocd", served.message());
  // Threads of the history's or of gRPC's may still wait for a disk or a client: static objects stay as they
  // are.
  ::_exit(served.ok() ? 0 : 1);
}

}  // namespace
}  // namespace reloc

int main(int argc, char** argv, char** envp) { return reloc::Main(argc, argv, envp); }
