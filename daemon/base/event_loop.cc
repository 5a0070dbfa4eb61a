#include "daemon/base/event_loop.h"

#include <errno.h>
#include <sys/epoll.h>

#include <utility>

#include "absl/memory/memory.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "daemon/base/timer.h"
#include "reloc/fault/fault.h"

namespace reloc {
namespace {

// 2,000 events a second are some 1,000 launches. A rest is short beside what a launch waits for an answer.
constexpr absl::Duration kWindow = absl::Milliseconds(20);
constexpr size_t kCrowd = 40;
constexpr absl::Duration kRest = absl::Milliseconds(3);

}  // namespace

absl::StatusOr<std::unique_ptr<EventLoop>> EventLoop::Create() {
  UniqueFd epoll(::epoll_create1(EPOLL_CLOEXEC));
  if (!epoll.valid()) return absl::ErrnoToStatus(errno, "cannot make an event loop");
  return absl::WrapUnique(new EventLoop(std::move(epoll)));
}

absl::Status EventLoop::Watch(int fd, uint32_t events, Handler handler) {
  struct epoll_event event = {};
  event.events = events;
  event.data.fd = fd;
  if (fault::Fails(fault::Point::kLoopWatch) || ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0) {
    return absl::ErrnoToStatus(errno, "cannot watch a descriptor");
  }
  handlers_[fd] = std::make_shared<Handler>(std::move(handler));
  return absl::OkStatus();
}

void EventLoop::Forget(int fd) {
  if (handlers_.erase(fd) == 0) return;
  // Explicitly: closing removes a descriptor only when no copy of it is left, and some have copies.
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
}

void EventLoop::Close(UniqueFd fd) { handlers_.erase(fd.get()); }

void EventLoop::Run() {
  size_t handled = 0;
  absl::Duration since = MonotonicNow();
  bool crowd = false;
  while (!stopped_) {
    if (!crowd) on_pause_();
    if (RunOnce(crowd ? 0 : -1)) {
      ++handled;
    } else if (crowd) {
      on_pause_();
      absl::SleepFor(kRest);
    }
    const absl::Duration now = MonotonicNow();
    if (now - since < kWindow) continue;
    crowd = handled >= kCrowd;
    handled = 0;
    since = now;
  }
  on_pause_();
}

bool EventLoop::RunOnce(int timeout_ms) {
  struct epoll_event event;
  if (::epoll_wait(epoll_.get(), &event, 1, timeout_ms) != 1) return false;  // EINTR, or nothing happened
  auto found = handlers_.find(event.data.fd);
  if (found == handlers_.end()) return true;
  std::shared_ptr<Handler> handler = found->second;
  (*handler)(event.events);
  return true;
}

}  // namespace reloc
