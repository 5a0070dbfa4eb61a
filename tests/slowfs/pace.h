// Delays each operation, and counts it.
#pragma once

#include <stdint.h>
#include <time.h>

#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>
#include <string>
#include <utility>

namespace reloc::slowfs {

// Operations by kind and path.
using Counts = std::map<std::pair<std::string, std::string>, int64_t>;

// Thread-safe.
class Pace {
 public:
  explicit Pace(std::chrono::microseconds delay) : delay_(delay) {}

  // Waits as long as an operation takes, and while operations are blocked, and counts it.
  void Wait(const std::string& kind, const std::string& path);

  // Makes operations hang from now on for so long, or for ever if that is 0.
  void Block(std::chrono::seconds length);
  void Unblock();

  Counts counts() const;
  void ResetCounts();

 private:
  using Clock = std::chrono::steady_clock;

  const std::chrono::microseconds delay_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  Clock::time_point blocked_until_;
  Counts counts_;
};

}  // namespace reloc::slowfs
