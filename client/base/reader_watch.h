// For commands that continue until their reader closes: `relocctl events | head -1` must end with head, and
// not when there is another line to write.
#pragma once

#include <functional>
#include <thread>

#include "absl/time/time.h"
#include "reloc/base/unique_fd.h"

namespace reloc {

// Returns true once stdout has no reader: the other end of a pipe or socket is closed, or a terminal is gone.
// Waits for that at most so long.
bool ReaderGoneWithin(absl::Duration at_most);

// Waits for the reader to close, in a thread of its own.
class ReaderWatch {
 public:
  // That thread calls `on_gone` at most once.
  explicit ReaderWatch(std::function<void()> on_gone);
  // After this, `on_gone` is not called.
  ~ReaderWatch();
  ReaderWatch(const ReaderWatch&) = delete;
  ReaderWatch& operator=(const ReaderWatch&) = delete;

 private:
  UniqueFd end_;  // made readable to end the watch
  std::thread thread_;
};

}  // namespace reloc
