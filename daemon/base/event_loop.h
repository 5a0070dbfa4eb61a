// The event loop: relocd is one thread that waits here and reacts. At rest it sleeps in epoll_wait(2) without
// a timeout; whoever needs time uses a Timer.
//
// One event is taken at a time. A handler may then forget and close any descriptor, its own too, without
// leaving a stale event of it in our hands: the batches of other loops need generations or deferred deletion
// for that. It costs one short system call an event.
//
// In a crowd of events (hundreds of launches a second) it rests for some milliseconds whenever none is left.
// While nobody waits in epoll_wait(2) an event wakes nobody: else each launch would pay twice for waking us,
// and we for going to sleep again.
#pragma once

#include <stdint.h>

#include <memory>

#include "absl/container/flat_hash_map.h"
#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "reloc/base/unique_fd.h"

namespace reloc {

class EventLoop {
 public:
  // `events`: EPOLLIN etc., as epoll_wait(2) reports them.
  using Handler = absl::AnyInvocable<void(uint32_t events)>;

  static absl::StatusOr<std::unique_ptr<EventLoop>> Create();

  // Calls `handler` while `fd` (borrowed) has one of `events`, level-triggered. Fails when the kernel's
  // limits are reached.
  absl::Status Watch(int fd, uint32_t events, Handler handler);
  // Before the descriptor is closed. Forgetting what is not watched is no error.
  void Forget(int fd);
  // The same for a descriptor that no other process and no dup(2) has a copy of: closing the last one ends
  // the watch without a system call of its own, see epoll(7).
  void Close(UniqueFd fd);

  // Before the loop waits or rests, and when it ends: for what handlers have put off.
  void OnPause(absl::AnyInvocable<void()> handler) { on_pause_ = std::move(handler); }

  // Handles events until Stop() is called by a handler.
  void Run();
  void Stop() { stopped_ = true; }
  // Handles one event, if there is one within `timeout_ms` (-1: waits for ever); true if there was.
  bool RunOnce(int timeout_ms);

 private:
  explicit EventLoop(UniqueFd epoll) : epoll_(std::move(epoll)) {}

  UniqueFd epoll_;
  absl::AnyInvocable<void()> on_pause_ = [] {};
  // Shared with the call in progress, so that a handler may forget itself.
  absl::flat_hash_map<int, std::shared_ptr<Handler>> handlers_;
  bool stopped_ = false;
};

}  // namespace reloc
