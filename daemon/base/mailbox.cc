#include "daemon/base/mailbox.h"

#include <errno.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <chrono>
#include <utility>

#include "absl/memory/memory.h"
#include "reloc/hosted/status.h"

namespace reloc {
namespace {

// Clients wait for two seconds. The loop waits for nobody, so that it takes this long only where it is
// stopped.
constexpr auto kPatience = std::chrono::seconds(2);

}  // namespace

absl::StatusOr<std::unique_ptr<Mailbox>> Mailbox::Create(EventLoop* loop) {
  UniqueFd bell(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!bell.valid()) return absl::ErrnoToStatus(errno, "cannot make an eventfd");
  auto mailbox = absl::WrapUnique(new Mailbox(loop, std::move(bell)));
  Mailbox* self = mailbox.get();
  RELOC_RETURN_IF_ERROR(loop->Watch(self->bell_.get(), EPOLLIN, [self](uint32_t) { self->OnBell(); }));
  return mailbox;
}

Mailbox::~Mailbox() {
  if (!closed_) Close();
}

bool Mailbox::Run(absl::FunctionRef<void()> work) {
  Letter letter{work};
  std::unique_lock lock(mutex_);
  if (closed_) return false;
  letters_.push_back(&letter);
  uint64_t one = 1;
  // Fails only when the counter is full, and then the bell has rung.
  [[maybe_unused]] ssize_t rang = ::write(bell_.get(), &one, sizeof one);
  if (answered_.wait_for(lock, kPatience, [&] { return letter.done; })) return true;
  std::erase(letters_, &letter);
  return false;
}

void Mailbox::OnBell() {
  uint64_t rings;
  [[maybe_unused]] ssize_t heard = ::read(bell_.get(), &rings, sizeof rings);
  std::lock_guard lock(mutex_);
  RunAll();
}

void Mailbox::Close() {
  std::lock_guard lock(mutex_);
  RunAll();
  if (!std::exchange(closed_, true)) loop_->Forget(bell_.get());
}

// The lock is held while the work runs: senders have nothing else to do than to wait for it.
void Mailbox::RunAll() {
  for (Letter* letter : letters_) {
    letter->work();
    letter->done = true;
  }
  letters_.clear();
  answered_.notify_all();
}

}  // namespace reloc
