// Runs a loop on all processors.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <mutex>
#include <thread>
#include <vector>

#include "absl/status/status.h"

namespace reloc {

// Calls work(i) for every i < count, from as many threads as the machine runs at once. `work` returns an
// absl::Status; after the first failure no new calls begin, and the failure with the lowest index seen is
// returned.
//
// Threads live as long as the loop: a pool would save 50 µs per loop of work that takes milliseconds.
template <typename Work>
absl::Status ParallelFor(size_t count, const Work& work) {
  std::atomic<size_t> next{0};
  std::atomic<bool> failed{false};
  std::mutex mutex;
  size_t failed_index = count;
  absl::Status failure;
  auto run = [&] {
    for (size_t i; !failed && (i = next++) < count;) {
      absl::Status status = work(i);
      if (status.ok()) continue;
      std::lock_guard lock(mutex);
      if (i < failed_index) failed_index = i, failure = std::move(status);
      failed = true;
    }
  };
  size_t threads = std::min<size_t>(count, std::max(1u, std::thread::hardware_concurrency()));
  std::vector<std::jthread> others;
  for (size_t i = 1; i < threads; ++i) others.emplace_back(run);
  run();
  others.clear();  // joins
  return failure;
}

}  // namespace reloc
