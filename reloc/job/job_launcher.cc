#include "reloc/job/job_launcher.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "reloc/base/file.h"
#include "reloc/fault/fault.h"
#include "reloc/hosted/files.h"
#include "reloc/hosted/status.h"
#include "reloc/job/attach_socket.h"
#include "reloc/job/job_files.h"
#include "reloc/job/job_host.h"
#include "reloc/job/job_process.h"
#include "reloc/job/pty.h"
#include "reloc/launch/daemon_dir.h"
#include "reloc/launch/descriptors.h"
#include "reloc/launch/launcher.h"

namespace reloc {
namespace {

constexpr char kProcessName[] = "reloc-launcher";  // 15 characters at most

class JobLauncher {
 public:
  JobLauncher(const LauncherRequest& request, UniqueFd client)
      : request_(request), errors_(::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3)) {
    job_.client = std::move(client);
    // Read while this process still belongs to the caller's group and session.
    job_.foreground = request.detached || !request.terminal->valid() || request.terminal->InForeground();
  }
  [[noreturn]] void Run();

 private:
  absl::Status Start();
  absl::Status OpenPlace();
  absl::Status OpenOutput();
  absl::Status OpenTerminal();
  absl::Status OpenPipe();
  absl::Status OpenLog();
  absl::Status LeaveSession();
  absl::Status DropDescriptors();
  absl::Status ForkJob();
  void RemoveFiles() const;
  bool shares_session() const { return !request_.detached && request_.pty == PtyUse::kNone; }

  const LauncherRequest& request_;
  UniqueFd errors_;  // the caller's stderr, until the job is executed
  HostedJob job_;
  JobStart start_;
};

void JobLauncher::Run() {
  absl::Status started = Start();
  errors_.Reset();
  if (!started.ok()) {
    RemoveFiles();
    (void)SendAttach(job_.client.get(), {.event = AttachEvent::kNotLaunched, .value = kExitFailed});
    ::_exit(kExitFailed);
  }
  start_ = JobStart();
  JobHost(std::move(job_)).Run();
  ::_exit(0);
}

// Makes what the job inherits before the fork; what it must not inherit comes after it.
absl::Status JobLauncher::Start() {
  start_.umask = ::umask(077);
  absl::Status status = OpenPlace();
  if (status.ok() && !shares_session()) status = LeaveSession();
  if (status.ok()) status = OpenOutput();
  // A detached job has no other descriptors of its caller: it gets those that the launcher has then.
  if (status.ok() && request_.detached) status = DropDescriptors();
  if (status.ok() && request_.detached) status = OpenLog();
  if (status.ok()) status = ForkJob();
  if (!status.ok()) {
    LaunchLog("relocctl", false, errors_.get()).Error({status.message().data(), status.message().size()});
    return status;
  }
  if (!request_.detached) {
    (void)DropDescriptors();
    (void)OpenLog().ok();  // the error is shown to the caller in any case
  }
  if (shares_session()) (void)LeaveSession();
  // The caller's directory may have to be unmounted. If this fails, it stays busy, and the job runs all the
  // same.
  [[maybe_unused]] int moved = ::chdir("/");
  return absl::OkStatus();
}

absl::Status JobLauncher::OpenPlace() {
  ::prctl(PR_SET_NAME, kProcessName);
  // Linux 3.4. prctl(2) gives no other reason for failure.
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  if (request_.reservation == nullptr) return absl::OkStatus();
  job_.place = {request_.reservation->daemon_dir, request_.reservation->id, {}};
  RELOC_ASSIGN_OR_RETURN(job_.listener, ListenForClients(job_.place.daemon_dir, job_.place.id));
  return absl::OkStatus();
}

absl::Status JobLauncher::OpenOutput() {
  if (request_.pty != PtyUse::kNone) return OpenTerminal();
  return request_.detached ? OpenPipe() : absl::OkStatus();
}

absl::Status JobLauncher::OpenTerminal() {
  struct termios modes;
  bool known = request_.terminal->ReadModes(&modes);
  RELOC_ASSIGN_OR_RETURN(Pty pty, OpenPty(known ? &modes : nullptr, request_.terminal->ReadSize()));
  // The launcher is the leader of the terminal's session and the job is a process group in it, as with a
  // shell: a leader itself would be in an orphaned group, where ^Z does nothing (setpgid(2)).
  if (::ioctl(pty.slave.get(), TIOCSCTTY, 0) != 0) return SystemError(errno, "cannot take a terminal");
  for (int fd = 0; fd < 3; ++fd) {
    if (request_.pty == PtyUse::kForAll || ::isatty(fd)) start_.standard[fd] = pty.slave.get();
  }
  start_.terminal = pty.slave.get();
  job_.output = std::move(pty.master);
  job_.terminal = std::move(pty.slave);
  return absl::OkStatus();
}

absl::Status JobLauncher::OpenPipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return SystemError(errno, "cannot make a pipe for the job's output");
  job_.output.Reset(ends[0]);
  start_.output.Reset(ends[1]);
  start_.standard[1] = start_.standard[2] = ends[1];
  return absl::OkStatus();
}

absl::Status JobLauncher::OpenLog() {
  if (request_.reservation == nullptr || !job_.output.valid()) return absl::OkStatus();
  const Reservation& reservation = *request_.reservation;
  RELOC_ASSIGN_OR_RETURN(OutputLog log,
                         OutputLog::Open(reservation.output_dir, reservation.id, reservation.output_limit));
  job_.log.emplace(std::move(log));
  job_.place.output_file = absl::StrCat(reservation.output_dir, "/", reservation.id);
  return absl::OkStatus();
}

absl::Status JobLauncher::LeaveSession() {
  return ::setsid() >= 0 ? absl::OkStatus() : SystemError(errno, "cannot leave the session");
}

// Closes all descriptors except our own: the caller's pipes and locks must end when the caller does.
absl::Status JobLauncher::DropDescriptors() {
  RELOC_ASSIGN_OR_RETURN(UniqueFd null, OpenFile("/dev/null", O_RDWR));
  for (int fd = 0; fd < 3; ++fd) {
    if (::dup2(null.get(), fd) < 0) return SystemError(errno, "cannot open /dev/null");
  }
  std::vector<int> keep = {0, 1, 2, null.get()};
  for (const UniqueFd* fd : {&errors_, &job_.launched, &job_.output, &job_.terminal, &job_.client,
                             &job_.listener, &start_.output}) {
    if (fd->valid()) keep.push_back(fd->get());
  }
  std::sort(keep.begin(), keep.end());
  Arena arena;
  Errno closed = CloseAllDescriptorsBut(keep, &arena);
  return closed.ok() ? absl::OkStatus()
                     : SystemError(closed.value, "cannot list descriptors: is /proc mounted?");
}

absl::Status JobLauncher::ForkJob() {
  start_.own_group = !shares_session();
  start_.foreground = job_.foreground;
  start_.signals = request_.signals;
  start_.errors = errors_.get();
  start_.debug = request_.debug;
  start_.launch = &request_.launch;
  start_.reservation = request_.reservation;
  start_.must_be_known = request_.detached;
  RELOC_ASSIGN_OR_RETURN(job_.pid, StartJob(start_, &job_.launched));
  start_.output.Reset();
  return absl::OkStatus();
}

// Removes the files of a job that did not start.
void JobLauncher::RemoveFiles() const {
  const JobPlace& place = job_.place;
  if (!place.output_file.empty()) (void)::unlink(place.output_file.c_str());
  if (place.id.empty()) return;
  Result<DaemonDirectory> dir = OpenDaemonDir(place.daemon_dir.c_str());
  if (dir.ok()) RemoveJobDir(dir->get(), place.id);
}

}  // namespace

absl::StatusOr<UniqueFd> StartLauncher(const LauncherRequest& request) {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) {
    return SystemError(errno, "cannot make a socket");
  }
  UniqueFd near(ends[0]), far(ends[1]);
  pid_t pid = fault::Fails(fault::Point::kLauncherFork) ? -1 : ::fork();
  if (pid < 0) return SystemError(errno, "fork");
  if (pid == 0) {
    near.Reset();
    JobLauncher(request, std::move(far)).Run();
  }
  return near;
}

}  // namespace reloc
