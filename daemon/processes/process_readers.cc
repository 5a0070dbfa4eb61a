#include "daemon/processes/process_readers.h"

#include <errno.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>
#include <utility>

#include "absl/memory/memory.h"
#include "absl/strings/str_cat.h"
#include "daemon/base/child_process.h"
#include "daemon/base/log.h"
#include "daemon/processes/process_reader_main.h"
#include "reloc/fault/fault.h"
#include "reloc/hosted/status.h"

namespace reloc {
namespace {

constexpr size_t kMaxReaders = 8;
constexpr absl::Duration kLinger = absl::Seconds(3);  // as long as gRPC, which asks for them

}  // namespace

absl::StatusOr<std::unique_ptr<ProcessReaders>> ProcessReaders::Create(EventLoop* loop) {
  auto readers = absl::WrapUnique(new ProcessReaders(loop));
  ProcessReaders* self = readers.get();
  RELOC_ASSIGN_OR_RETURN(self->linger_, Timer::Create(loop, [self] { self->EndIdle(); }));
  return readers;
}

ProcessReaders::~ProcessReaders() {
  for (auto& [pid, reader] : readers_) {
    loop_->Forget(reader.process.pidfd.get());
    GiveUpChild(std::move(reader.process), absl::ZeroDuration());
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
  if (fault::Fails(fault::Point::kReaderSpawn)) {
    return absl::ErrnoToStatus(errno, "cannot start a process for /proc");
  }
  UniqueFd socket;
  RELOC_ASSIGN_OR_RETURN(ChildProcess child, SpawnSelf(kProcessReaderArgument, SOCK_STREAM, &socket));
  const pid_t pid = child.pid;
  if (absl::Status watched = Watch(&child); !watched.ok()) {
    GiveUpChild(std::move(child), absl::ZeroDuration());
    return watched;
  }
  return Lent{pid, std::move(socket)};
}

absl::Status ProcessReaders::Watch(ChildProcess* child) {
  const pid_t pid = child->pid;
  RELOC_RETURN_IF_ERROR(loop_->Watch(child->pidfd.get(), EPOLLIN, [this, pid](uint32_t) { OnExit(pid); }));
  readers_[pid].process = std::move(*child);
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
  loop_->Close(std::move(found->second.process.pidfd));
  readers_.erase(found);
  ::waitpid(pid, nullptr, WNOHANG);  // it has ended, as the pidfd says
}

void ProcessReaders::EndIdle() {
  for (auto& [pid, reader] : readers_) reader.socket.Reset();
}

}  // namespace reloc
