// For commands that go on until somebody has seen enough: `relocctl events | head -1` is to end with head,
// and not with the next line that there is to write.
#pragma once

#include <functional>
#include <thread>

#include "absl/time/time.h"
#include "reloc/base/unique_fd.h"

namespace reloc {

// True once nobody can read from stdout any more: the other end of a pipe or socket is closed, a terminal is
// gone. Waits at most so long for that.
bool ReaderGoneWithin(absl::Duration at_most);

// Waits for it in a thread of its own.
class ReaderWatch {
 public:
  // `on_gone` is called at most once, by that thread.
  explicit ReaderWatch(std::function<void()> on_gone);
  // `on_gone` is not called any more.
  ~ReaderWatch();
  ReaderWatch(const ReaderWatch&) = delete;
  ReaderWatch& operator=(const ReaderWatch&) = delete;

 private:
  UniqueFd end_;  // readable when the watch is to end
  std::thread thread_;
};

}  // namespace reloc
