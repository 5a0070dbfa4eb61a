#include "tests/slowfs/pace.h"

#include <thread>

namespace reloc::slowfs {

void Pace::Wait(const std::string& kind, const std::string& path) {
  {
    std::unique_lock lock(mutex_);
    ++counts_[{kind, path}];
    while (Clock::now() < blocked_until_) changed_.wait_until(lock, blocked_until_);
  }
  std::this_thread::sleep_for(delay_);
}

void Pace::Block(std::chrono::seconds length) {
  std::lock_guard lock(mutex_);
  // "For ever" is longer than any test waits.
  if (length.count() == 0) length = std::chrono::hours(24 * 365);
  blocked_until_ = Clock::now() + length;
}

void Pace::Unblock() {
  std::lock_guard lock(mutex_);
  blocked_until_ = Clock::time_point();
  changed_.notify_all();
}

Counts Pace::counts() const {
  std::lock_guard lock(mutex_);
  return counts_;
}

void Pace::ResetCounts() {
  std::lock_guard lock(mutex_);
  counts_.clear();
}

}  // namespace reloc::slowfs
