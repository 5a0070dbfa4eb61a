#include "daemon/base/timer.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "absl/memory/memory.h"
#include "reloc/hosted/status.h"
#include "reloc/launch/launch_log.h"

namespace reloc {

absl::StatusOr<std::unique_ptr<Timer>> Timer::Create(EventLoop* loop, std::function<void()> on_time) {
  UniqueFd fd(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK));
  if (!fd.valid()) return absl::ErrnoToStatus(errno, "cannot make a timer");
  auto timer = absl::WrapUnique(new Timer(loop, std::move(fd), std::move(on_time)));
  RELOC_RETURN_IF_ERROR(loop->Watch(timer->fd_.get(), EPOLLIN, [t = timer.get()](uint32_t) { t->OnTime(); }));
  return timer;
}

Timer::~Timer() { loop_->Forget(fd_.get()); }

void Timer::Arm(absl::Duration delay) {
  // Zero would disarm it: timerfd_settime(2).
  Set(std::max(delay, absl::Nanoseconds(1)));
  armed_ = true;
}

void Timer::Disarm() {
  if (armed_) Set(absl::ZeroDuration());
  armed_ = false;
}

void Timer::Set(absl::Duration delay) {
  struct itimerspec spec = {};
  spec.it_value = absl::ToTimespec(delay);
  // Fails only for a bad descriptor or an invalid time, and this is neither.
  ::timerfd_settime(fd_.get(), 0, &spec, nullptr);
}

void Timer::OnTime() {
  uint64_t expirations;
  if (::read(fd_.get(), &expirations, sizeof expirations) != sizeof expirations)
    return;  // re-armed meanwhile
  armed_ = false;
  on_time_();
}

absl::Duration MonotonicNow() { return absl::Microseconds(MonotonicMicros()); }

}  // namespace reloc
