#include "reloc/launch/image_server.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>

#include "reloc/base/file.h"
#include "reloc/launch/descriptors.h"
#include "reloc/launch/find_program.h"
#include "reloc/launch/own_path.h"
#include "reloc/launch/tracer_link.h"

namespace reloc {
namespace {

constexpr const char* kOurs = "reloc-squashfs";
constexpr const char* kSquashfuse = "squashfuse_ll";  // is called in the same way
// What the server is to find its descriptors as; 3 is the image.
constexpr int kFuse = 4;

// fork(2) without a signal for the parent, and without what a libc does besides.
int Fork() { return static_cast<int>(::syscall(SYS_clone, 0, 0, 0, 0, 0)); }

// Forks a process that is no child of ours: its parent ends at once. True in it; `*error` is for us.
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

// ^C and the end of a terminal do not come here, in another session. But batch systems send SIGTERM to all
// processes of a job, and the program may have work to do when it gets it. libfuse leaves alone what is
// ignored.
void IgnoreSignals() {
  for (int signal : {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGPIPE}) (void)::signal(signal, SIG_IGN);
  SetSignalMask(0);
}

}  // namespace

Errno FindImageServer(const char* const* envp, PathText* path) {
  PathText self, beside;
  const bool known = ReadLink(AT_FDCWD, "/proc/self/exe", &self).ok();
  const string_view prefix = InstallationPrefix(self.view());
  if (known) beside << prefix << "/bin/" << kSquashfuse;
  for (const char* directory : {"/libexec/relocd/", "/libexec/"}) {
    path->Clear();
    *path << prefix << directory << kOurs;
    if (known && IsExecutable(*path)) return kOk;
  }
  return FindProgram(beside.view(), kSquashfuse, envp, path);
}

bool ImageServer::Find(const char* const* envp, Failure* failure) {
  Errno e = FindImageServer(envp, &program_);
  if (!e.ok()) {
    failure->Set("find", e, kSquashfuse,
                 "install squashfuse, which mounts images; or unpack the image: unsquashfs -d DIR IMAGE");
  }
  return e.ok();
}

bool ImageServer::Fork(int image, int fuse, Failure* failure) {
  complaints_.Reset(static_cast<int>(::syscall(SYS_memfd_create, "squashfuse", 1U)));  // MFD_CLOEXEC
  int ends[2] = {-1, -1};
  Errno error;
  if (!complaints_.valid() || ::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) {
    error = Errno::Last();
  } else {
    UniqueFd start(ends[0]);
    start_.Reset(ends[1]);
    if (ForkOrphan(&error)) Run(image, fuse, start.get());
  }
  if (!error.ok()) failure->Set("start", error, program_.view());
  return error.ok();
}

// In the server's process: waits until the file system is mounted, and becomes the server.
void ImageServer::Run(int image, int fuse, int start) {
  ::setsid();
  IgnoreSignals();
  int kept[] = {image, fuse, start, complaints_.get()};
  std::sort(kept, kept + 4);
  Arena arena;
  if (!CloseAllDescriptorsBut(kept, &arena).ok()) ::_exit(1);
  char begin;
  if (::read(start, &begin, 1) != 1) ::_exit(0);
  if (::chdir("/") != 0 || !ArrangeDescriptors(image, fuse).ok()) ::_exit(1);
  // "/dev/fd/N" is libfuse's for a file system that is mounted already.
  const char* argv[] = {program_.c_str(), "-f", "/proc/self/fd/3", "/dev/fd/4", nullptr};
  char* const no_environment[] = {nullptr};
  ::execve(program_.c_str(), const_cast<char**>(argv), no_environment);
  FixedText<256> why;
  why << "it cannot be executed: " << strerror(errno) << '\n';
  (void)WriteAll(STDERR_FILENO, why.view()).ok();
  ::_exit(1);
}

// The numbers 0 to 4, whichever they are now; the last ones are kept when it executes.
Errno ImageServer::ArrangeDescriptors(int image, int fuse) {
  UniqueFd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
  int from[] = {null.get(), null.get(), complaints_.get(), image, fuse};
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

bool ImageServer::Serve(Failure* failure) {
  const bool sent = ::send(start_.get(), "", 1, MSG_NOSIGNAL) == 1;
  if (!sent) failure->Set("start", Errno::Last(), program_.view());
  start_.Reset();
  return sent;
}

void ImageServer::ReadComplaint(TextBuffer* text) const {
  char memory[512];
  ssize_t size = ::pread(complaints_.get(), memory, sizeof memory, 0);
  string_view line, rest(memory, size > 0 ? static_cast<size_t>(size) : 0);
  while (line.empty() && !rest.empty()) line = SplitFirst(rest, '\n', &rest);
  *text << line;
}

}  // namespace reloc
