// Reports the progress of long work, and lets the caller stop it.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string_view>

#include "absl/status/status.h"

namespace reloc {

struct Progress {
  std::string_view stage;  // "scanning", "copying", …: a constant
  uint64_t done = 0;       // bytes
  uint64_t total = 0;      // bytes; 0 while unknown
};

// Called with progress, from several threads but never by two at once. Returning false asks the work to stop:
// it then undoes what it did and returns absl::CancelledError. May be empty.
using ProgressCallback = std::function<bool(const Progress&)>;

// Counts the bytes of one stage, from any number of threads.
class ProgressMeter {
 public:
  ProgressMeter(const ProgressCallback& callback, std::string_view stage, uint64_t total = 0);
  // Reports the end of the stage.
  ~ProgressMeter();
  ProgressMeter(const ProgressMeter&) = delete;
  ProgressMeter& operator=(const ProgressMeter&) = delete;

  // Adds `bytes` to what is done (0: only asks whether to go on). CancelledError once the callback returned
  // false.
  absl::Status Add(uint64_t bytes);

 private:
  absl::Status Report(uint64_t done);

  const ProgressCallback callback_;  // a copy: callers pass temporaries
  const std::string_view stage_;
  const uint64_t total_;
  std::atomic<uint64_t> done_{0};
  std::atomic<uint64_t> reported_{0};
  std::atomic<bool> cancelled_{false};
  std::mutex mutex_;
};

}  // namespace reloc
