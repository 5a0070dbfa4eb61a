#include "reloc/launch/image_server.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>

#include "reloc/base/file.h"
#include "reloc/launch/descriptors.h"
#include "reloc/launch/launch_log.h"
#include "reloc/launch/program_path.h"
#include "reloc/launch/tracer_link.h"

namespace reloc {
namespace {

constexpr const char* kServer = "reloc-squashfs";
// The descriptors that the server expects; 3 is the image.
constexpr int kFuse = 4;
// Commands report what does not answer within 3 s; this is less.
constexpr uint64_t kTimeoutMicros = 2'500'000;

// Calls fork(2) without a signal for the parent, and without a libc's additional work.
int Fork() { return static_cast<int>(::syscall(SYS_clone, 0, 0, 0, 0, 0)); }

// Forks a process that is not our child: its parent ends at once. Returns true in it; `*error` is for the
// caller.
bool ForkOrphan(Errno* error) {
  int pid = Fork();
  if (pid == 0) {
    int orphan = Fork();
    if (orphan == 0) return true;
    ::_exit(orphan < 0 ? errno : 0);
  }
  int status = 0;
  if (pid < 0) {
    *error = Errno::Last();
    return false;
  }
  while (::waitpid(pid, &status, __WCLONE) < 0 && errno == EINTR) {
  }
  *error = Errno{WIFEXITED(status) ? WEXITSTATUS(status) : ECANCELED};
  return false;
}

// In another session, ^C and the end of a terminal have no effect. But batch systems send SIGTERM to all
// processes of a job, and the program may have work to do when it gets it. libfuse does not change what is
// ignored.
void IgnoreSignals() {
  for (int signal : {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGPIPE}) (void)::signal(signal, SIG_IGN);
  SetSignalMask(0);
}

}  // namespace

Errno FindImageServer(PathText* path) {
  PathText self;
  RELOC_TRY(ReadLink(AT_FDCWD, "/proc/self/exe", &self));
  for (const char* directory : {"/libexec/relocd/", "/libexec/"}) {
    path->Clear();
    *path << InstallationPrefix(self.view()) << directory << kServer;
    if (IsExecutable(*path)) return kOk;
  }
  return Errno::Last();
}

bool CanFilterSystemCalls() {
  constexpr unsigned long kFilter = 2;  // SECCOMP_MODE_FILTER: musl comes without linux/seccomp.h
  // EFAULT: there is no filter at this address. EINVAL: the kernel does not support filters.
  return ::prctl(PR_SET_SECCOMP, kFilter, nullptr) != 0 && errno == EFAULT;
}

bool ImageServer::Find(Failure* failure) {
  Errno e = FindImageServer(&program_);
  if (!e.ok()) {
    failure->Set("find", e, kServer, "reinstall relocd; or unpack the image: unsquashfs -d DIR IMAGE");
  }
  return e.ok();
}

bool ImageServer::Fork(int image, int fuse, Failure* failure) {
  errors_.Reset(static_cast<int>(::syscall(SYS_memfd_create, "complaints", 1U)));  // MFD_CLOEXEC
  int ends[2] = {-1, -1};
  Errno error;
  if (!errors_.valid() || ::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) {
    error = Errno::Last();
  } else {
    UniqueFd servers(ends[0]);
    link_.Reset(ends[1]);
    if (ForkOrphan(&error)) Run(image, fuse, servers.get());
  }
  if (!error.ok()) failure->Set("start", error, program_.view());
  return error.ok();
}

// Runs in the server's process: waits until the file system is mounted, and becomes the server.
void ImageServer::Run(int image, int fuse, int link) {
  ::setsid();
  IgnoreSignals();
  int kept[] = {image, fuse, link, errors_.get()};
  std::sort(kept, kept + 4);
  Arena arena;
  if (!CloseAllDescriptorsBut(kept, &arena).ok()) ::_exit(1);
  char begin;
  if (::read(link, &begin, 1) != 1) ::_exit(0);
  if (::chdir("/") != 0 || !ArrangeDescriptors(image, fuse, link).ok()) ::_exit(1);
  // In libfuse, "/dev/fd/N" means a file system that is mounted already.
  const char* argv[] = {program_.c_str(), "-f", "/proc/self/fd/3", "/dev/fd/4", nullptr};
  char* const no_environment[] = {nullptr};
  ::execve(program_.c_str(), const_cast<char**>(argv), no_environment);
  FixedText<256> why;
  why << "it cannot be executed: " << strerror(errno) << '\n';
  (void)WriteAll(STDERR_FILENO, why.view()).ok();
  ::_exit(1);
}

// Arranges the descriptors as 0 to 4, whatever their numbers are; the last ones stay open across exec.
Errno ImageServer::ArrangeDescriptors(int image, int fuse, int link) {
  UniqueFd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
  int from[] = {null.get(), link, errors_.get(), image, fuse};
  for (int& fd : from) {
    fd = ::fcntl(fd, F_DUPFD_CLOEXEC, kFuse + 1);
    if (fd < 0) return Errno::Last();
  }
  for (int number = 0; number <= kFuse; ++number) {
    if (::dup2(from[number], number) < 0) return Errno::Last();
  }
  if (null.get() <= kFuse) (void)null.Release();
  return kOk;
}

Errno ImageServer::Serve() {
  if (::send(link_.get(), "", 1, MSG_NOSIGNAL) != 1) return Errno::Last();
  const uint64_t deadline = MonotonicMicros() + kTimeoutMicros;
  for (;;) {
    const uint64_t now = MonotonicMicros();
    struct pollfd answer = {link_.get(), POLLIN, 0};
    const int ready = now < deadline ? ::poll(&answer, 1, static_cast<int>((deadline - now) / 1000 + 1)) : 0;
    if (ready < 0 && errno == EINTR) continue;
    if (ready < 0) return Errno::Last();
    if (ready == 0) return Errno{ETIMEDOUT};
    char byte;
    return ::recv(link_.get(), &byte, 1, MSG_DONTWAIT) == 1 ? kOk : Errno{EPIPE};
  }
}

void ImageServer::ReadErrors(TextBuffer* text) const {
  char memory[512];
  ssize_t size = ::pread(errors_.get(), memory, sizeof memory, 0);
  string_view line, rest(memory, size > 0 ? static_cast<size_t>(size) : 0);
  while (line.empty() && !rest.empty()) line = SplitFirst(rest, '\n', &rest);
  *text << line;
}

}  // namespace reloc
