#include "daemon/processes/process_readers.h"

#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>
#include <utility>

#include "absl/memory/memory.h"
#include "absl/strings/str_cat.h"
#include "daemon/log.h"
#include "daemon/processes/process_reader_main.h"
#include "reloc/fault/fault.h"
#include "reloc/pack/status.h"

namespace reloc {
namespace {

constexpr size_t kMaxReaders = 8;
constexpr absl::Duration kLinger = absl::Seconds(3);  // as long as gRPC, which asks for them

// posix_spawn(3) of our own program with its end of the socket, and no signal blocked as they are here. Our
// descriptors are closed by exec, when we do not wait for the new process any more: that may take a while.
int Spawn(int socket, pid_t* pid) {
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  sigset_t none;
  sigemptyset(&none);
  ::posix_spawn_file_actions_init(&actions);  // these cannot fail with glibc, but for want of memory
  ::posix_spawnattr_init(&attributes);
  ::posix_spawn_file_actions_adddup2(&actions, socket, kProcessReaderSocket);
  ::posix_spawnattr_setsigmask(&attributes, &none);
  ::posix_spawnattr_setpgroup(&attributes, 0);  // a terminal's ^C is relocd's affair
  ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP);
  char name[] = "relocd";
  std::string mode = kProcessReaderArgument;
  char* argv[] = {name, mode.data(), nullptr};
  int error = ::posix_spawn(pid, "/proc/self/exe", &actions, &attributes, argv, environ);
  ::posix_spawnattr_destroy(&attributes);
  ::posix_spawn_file_actions_destroy(&actions);
  return error;
}

void Kill(pid_t pid) {
  ::kill(pid, SIGKILL);
  // One that the kernel holds is waited for by init, when relocd has ended too.
  ::waitpid(pid, nullptr, WNOHANG);
}

}  // namespace

absl::StatusOr<std::unique_ptr<ProcessReaders>> ProcessReaders::Create(EventLoop* loop) {
  auto readers = absl::WrapUnique(new ProcessReaders(loop));
  ProcessReaders* self = readers.get();
  RELOC_ASSIGN_OR_RETURN(self->linger_, Timer::Create(loop, [self] { self->EndIdle(); }));
  return readers;
}

ProcessReaders::~ProcessReaders() {
  for (auto& [pid, reader] : readers_) {
    loop_->Forget(reader.pidfd.get());
    Kill(pid);
  }
}

absl::StatusOr<ProcessReaders::Lent> ProcessReaders::Lend() {
  for (auto& [pid, reader] : readers_) {
    if (reader.socket.valid()) return Lent{pid, std::move(reader.socket)};
  }
  return Start();
}

absl::StatusOr<ProcessReaders::Lent> ProcessReaders::Start() {
  if (readers_.size() >= kMaxReaders) {
    return absl::ResourceExhaustedError("too many processes that read /proc are busy");
  }
  int pair[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) {
    return absl::ErrnoToStatus(errno, "cannot make a socket pair");
  }
  UniqueFd ours(pair[0]), theirs(pair[1]);
  pid_t pid = 0;
  const int error = fault::Fails(fault::Point::kReaderSpawn) ? errno : Spawn(theirs.get(), &pid);
  if (error != 0) return absl::ErrnoToStatus(error, "cannot start a process for /proc");
  if (absl::Status watched = Watch(pid); !watched.ok()) {
    Kill(pid);
    return watched;
  }
  return Lent{pid, std::move(ours)};
}

absl::Status ProcessReaders::Watch(pid_t pid) {
  // Ours and not waited for: the number is its own.
  UniqueFd pidfd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  if (!pidfd.valid()) return absl::ErrnoToStatus(errno, "cannot watch a process");
  RELOC_RETURN_IF_ERROR(loop_->Watch(pidfd.get(), EPOLLIN, [this, pid](uint32_t) { OnExit(pid); }));
  readers_[pid].pidfd = std::move(pidfd);
  return absl::OkStatus();
}

void ProcessReaders::GiveBack(Lent lent) {
  auto found = readers_.find(lent.pid);
  if (found == readers_.end()) return;  // it has ended since
  found->second.socket = std::move(lent.socket);
  linger_->Arm(kLinger);
}

void ProcessReaders::Abandon(Lent lent) {
  if (!readers_.contains(lent.pid)) return;
  LogWarning(absl::StrCat("the process that reads /proc (pid ", lent.pid, ") does not answer; it is killed"));
  ::kill(lent.pid, SIGKILL);  // ours and not waited for: the pid cannot be another's
}

void ProcessReaders::OnExit(pid_t pid) {
  auto found = readers_.find(pid);
  loop_->Close(std::move(found->second.pidfd));
  readers_.erase(found);
  ::waitpid(pid, nullptr, WNOHANG);  // it has ended, as the pidfd says
}

void ProcessReaders::EndIdle() {
  for (auto& [pid, reader] : readers_) reader.socket.Reset();
}

}  // namespace reloc
