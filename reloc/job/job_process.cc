#include "reloc/job/job_process.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "reloc/fault/fault.h"
#include "reloc/hosted/files.h"
#include "reloc/launch/launcher.h"

namespace reloc {
namespace {

absl::Status TakePlace(const JobStart& start, int launched) {
  if (start.own_group) ::setpgid(0, 0);
  // From the background this raises SIGTTOU, which is blocked.
  if (start.terminal >= 0 && start.foreground) (void)::tcsetpgrp(start.terminal, ::getpid());
  for (int fd = 0; fd < 3; ++fd) {
    if (start.standard[fd] >= 0 && ::dup2(start.standard[fd], fd) < 0) {
      return SystemError(errno, "cannot give the job its output");
    }
  }
  if (start.reservation == nullptr) return absl::OkStatus();
  absl::Status bound = BindJob(start.reservation->daemon_dir, start.reservation->id);
  if (bound.ok() || start.must_be_known) return bound;
  // If there is no reader, nothing is kept under that id either.
  [[maybe_unused]] ssize_t written = ::write(launched, &kNotBound, 1);
  return absl::OkStatus();
}

// Returns an exit status if the program was not executed.
int Launch(const JobStart& start, int launched) {
  LaunchLog log("relocctl", start.debug, start.errors);
  if (absl::Status placed = TakePlace(start, launched); !placed.ok()) {
    log.Error({placed.message().data(), placed.message().size()});
    return kExitFailed;
  }
  ::umask(start.umask);
  start.signals->Restore();
  return (*start.launch)(log, start.reservation != nullptr ? start.reservation->daemon_dir : "");
}

}  // namespace

absl::StatusOr<pid_t> StartJob(const JobStart& start, UniqueFd* launched) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return SystemError(errno, "cannot make a pipe");
  UniqueFd near(ends[0]), far(ends[1]);
  pid_t pid = fault::Fails(fault::Point::kJobFork) ? -1 : ::fork();
  if (pid < 0) return SystemError(errno, "fork");
  if (pid == 0) {
    unsigned char status = static_cast<unsigned char>(Launch(start, far.get()));
    // If there is no reader, the exit status says the same.
    [[maybe_unused]] ssize_t written = ::write(far.get(), &status, 1);
    ::_exit(status);
  }
  // Also done here: functions that use the group must not be called before it exists.
  if (start.own_group) ::setpgid(pid, pid);
  *launched = std::move(near);
  return pid;
}

}  // namespace reloc
