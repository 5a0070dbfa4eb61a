#include "daemon/mirrors/mirror_worker.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>
#include <utility>

#include "absl/memory/memory.h"
#include "absl/strings/str_cat.h"
#include "daemon/mirrors/worker.h"
#include "reloc/fault/fault.h"
#include "reloc/hosted/status.h"
#include "reloc/ipc/packet.h"

namespace reloc {
namespace {

using relocd::v1::MirrorResult;
using relocd::v1::MirrorWord;

constexpr size_t kMaxWordBytes = 64 * 1024;
constexpr int kWordsAtOnce = 16;  // then others have their turn
// To take away a small half-made mirror; of a large one the next daemon takes the rest away.
constexpr absl::Duration kFarewell = absl::Milliseconds(300);
constexpr absl::Duration kDeathTakes = absl::Seconds(5);

}  // namespace

absl::StatusOr<std::unique_ptr<MirrorWorker>> MirrorWorker::Start(EventLoop* loop,
                                                                  const relocd::v1::MirrorTask& task,
                                                                  int watch_fd, absl::Duration patience,
                                                                  Listener listener) {
  auto worker = absl::WrapUnique(new MirrorWorker(loop, patience, std::move(listener)));
  RELOC_RETURN_IF_ERROR(worker->Spawn());
  const std::string bytes = task.SerializeAsString();
  if (Errno e = SendPacket(worker->socket_.get(), bytes, {&watch_fd, watch_fd < 0 ? 0U : 1U}); !e.ok()) {
    return absl::ErrnoToStatus(e.value, "cannot send a task to the process for mirrors");
  }
  RELOC_RETURN_IF_ERROR(worker->Watch());
  return worker;
}

absl::Status MirrorWorker::Spawn() {
  if (fault::Fails(fault::Point::kMirrorSpawn)) {
    return absl::ErrnoToStatus(errno, "cannot start a process for mirrors");
  }
  RELOC_ASSIGN_OR_RETURN(process_, SpawnSelf(kMirrorWorkerArgument, SOCK_SEQPACKET, &socket_));
  return absl::OkStatus();
}

absl::Status MirrorWorker::Watch() {
  RELOC_ASSIGN_OR_RETURN(silence_, Timer::Create(loop_, [this] { GiveUp(); }));
  silence_->Arm(patience_);
  RELOC_RETURN_IF_ERROR(loop_->Watch(socket_.get(), EPOLLIN, [this](uint32_t) { OnReadable(); }));
  return loop_->Watch(process_.pidfd.get(), EPOLLIN, [this](uint32_t) { OnExit(); });
}

MirrorWorker::~MirrorWorker() {
  if (process_.pid == 0) return;
  loop_->Forget(process_.pidfd.get());
  loop_->Forget(socket_.get());
  socket_.Reset();  // it notices when it next tells of its progress
  if (!concluded_) EndsWithin(process_, kFarewell);
  GiveUpChild(std::move(process_), absl::ZeroDuration());
}

void MirrorWorker::Answer(bool yes) {
  silence_->Arm(patience_);
  const char answer = yes ? 1 : 0;
  if (!SendPacket(socket_.get(), {&answer, 1}).ok()) GiveUp();
}

void MirrorWorker::OnReadable() {
  for (int i = 0; i < kWordsAtOnce && ReadWord(); ++i) {
  }
}

// False when there is nothing more to read.
bool MirrorWorker::ReadWord() {
  char memory[kMaxWordBytes];
  Packet packet;
  Errno e = ReceivePacket(socket_.get(), memory, &packet);
  if (e.value == EAGAIN) return false;
  MirrorWord word;
  const bool whole = e.ok() && packet.size > 0 && !packet.truncated &&
                     word.ParseFromArray(memory, static_cast<int>(packet.size));
  if (whole) {
    Take(word, packet.fds.all());
    return true;
  }
  loop_->Forget(socket_.get());  // what comes now is the end of the process
  return false;
}

void MirrorWorker::Take(const MirrorWord& word, std::span<UniqueFd> fds) {
  if (word.has_result()) return Conclude(word.result());
  word.has_may_evict() ? silence_->Disarm() : silence_->Arm(patience_);
  listener_.on_word(word, fds);
}

void MirrorWorker::Conclude(absl::StatusOr<MirrorResult> result) {
  if (std::exchange(concluded_, true)) return;
  // What it still does, to wait for the disk, has no progress to tell of.
  silence_->Disarm();
  listener_.on_result(std::move(result));
}

void MirrorWorker::OnExit() {
  while (!concluded_ && ReadWord()) {
  }
  loop_->Forget(process_.pidfd.get());
  int status = 0;
  ::waitpid(std::exchange(process_.pid, 0), &status, WNOHANG);  // it has ended, as the pidfd says
  loop_->Forget(socket_.get());
  if (!concluded_) {
    Conclude(absl::UnavailableError(
        WIFSIGNALED(status) ? absl::StrCat("the process for mirrors was killed by signal ", WTERMSIG(status),
                                           " (", strsignal(WTERMSIG(status)), ")")
                            : "the process for mirrors ended before it was done"));
  }
  End();
}

// The listener destroys us.
void MirrorWorker::End() {
  auto on_end = std::move(listener_.on_end);
  on_end();
}

void MirrorWorker::GiveUp() {
  // The process may be in the kernel's hands until a file server comes back: then it is left behind, killed.
  if (concluded_) return End();
  ::kill(process_.pid, SIGKILL);
  loop_->Forget(socket_.get());
  Conclude(absl::DeadlineExceededError(
      absl::StrCat("no progress for ", absl::FormatDuration(patience_), ": does a file system hang?")));
  silence_->Arm(kDeathTakes);
}

}  // namespace reloc
