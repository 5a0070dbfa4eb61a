// Lets other threads run something on the event loop's thread, where all state is. gRPC's handlers ask so,
// and nothing else in relocd needs a lock.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "daemon/base/event_loop.h"
#include "reloc/base/unique_fd.h"

namespace reloc {

class Mailbox {
 public:
  // `loop` must outlive the mailbox.
  static absl::StatusOr<std::unique_ptr<Mailbox>> Create(EventLoop* loop);
  ~Mailbox();

  // From another thread: runs `work` on the loop's thread and waits for it. False, and nothing was run, if
  // the mailbox is closed or the loop has not come to it in time.
  bool Run(absl::FunctionRef<void()> work);
  // From the loop's thread: runs what waits, and from now on nothing, so that nobody waits for a loop that
  // has stopped. Then it may be destroyed on any thread.
  void Close();

 private:
  struct Letter {
    absl::FunctionRef<void()> work;
    bool done = false;
  };

  Mailbox(EventLoop* loop, UniqueFd bell) : loop_(loop), bell_(std::move(bell)) {}
  void OnBell();
  void RunAll();  // with mutex_ held

  EventLoop* loop_;
  UniqueFd bell_;  // eventfd(2)
  // Not Abseil's: as Debian builds it ThreadSanitizer cannot see what it does.
  std::mutex mutex_;
  std::condition_variable answered_;
  std::vector<Letter*> letters_;  // by mutex_
  bool closed_ = false;           // by mutex_
};

}  // namespace reloc
