// A one-shot alarm in the event loop. While it is not armed it costs nothing: relocd at rest has no wake-ups.
#pragma once

#include <functional>
#include <memory>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "daemon/base/event_loop.h"
#include "reloc/base/unique_fd.h"

namespace reloc {

class Timer {
 public:
  // `loop` must outlive the timer.
  static absl::StatusOr<std::unique_ptr<Timer>> Create(EventLoop* loop, std::function<void()> on_time);
  ~Timer();
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

  // Replaces what was armed before. Measured by CLOCK_MONOTONIC: the wall clock may jump.
  void Arm(absl::Duration delay);
  void Disarm();
  bool armed() const { return armed_; }

 private:
  Timer(EventLoop* loop, UniqueFd fd, std::function<void()> on_time)
      : loop_(loop), fd_(std::move(fd)), on_time_(std::move(on_time)) {}
  void Set(absl::Duration delay);
  void OnTime();

  EventLoop* loop_;
  UniqueFd fd_;
  std::function<void()> on_time_;
  bool armed_ = false;
};

// CLOCK_MONOTONIC as a time since an arbitrary point.
absl::Duration MonotonicNow();

}  // namespace reloc
