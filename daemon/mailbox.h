// Lets other threads run something on the event loop's thread, where all state is. gRPC's handlers ask so,
// and nothing else in relocd needs a lock.
#pragma once

#include <deque>
#include <memory>

#include "absl/base/thread_annotations.h"
#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "daemon/event_loop.h"
#include "reloc/base/unique_fd.h"

namespace reloc {

class Mailbox {
 public:
  // `loop` must outlive the mailbox.
  static absl::StatusOr<std::unique_ptr<Mailbox>> Create(EventLoop* loop);
  ~Mailbox();

  // From another thread: runs `work` on the loop's thread and waits for it. False if the mailbox is closed.
  bool Run(absl::FunctionRef<void()> work);
  // From the loop's thread: runs what waits, and from now on nothing, so that nobody waits for a loop that
  // has stopped.
  void Close();

 private:
  struct Letter {
    absl::FunctionRef<void()> work;
    bool done = false;
  };

  Mailbox(EventLoop* loop, UniqueFd bell) : loop_(loop), bell_(std::move(bell)) {}
  void OnBell();
  void RunAll() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  EventLoop* loop_;
  UniqueFd bell_;  // eventfd(2)
  absl::Mutex mutex_;
  std::deque<Letter*> letters_ ABSL_GUARDED_BY(mutex_);
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace reloc
